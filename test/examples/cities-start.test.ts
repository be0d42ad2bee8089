import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { suite, test } from 'node:test';
import { chromium } from 'playwright-core';
import { RedisServer } from '../../examples/cities/redis-server.js';
import { BROWSER_ARGUMENTS, findBrowser, NO_BROWSER } from './browser.js';
import { CitiesProcess } from './cities-process.js';

suite('cities: npm start', () => {
  for (const [args, message] of [
    [['--prot', '80'], /^Unknown option '--prot' .*\n$/],
    [['--for', 'soon'], /^--for takes a time of at least 1s.*'soon' .*\n$/],
    [['--workers', '1'], /^--workers takes a number from 2 to 16.*'1' .*\n$/],
    [['--workers', 'many'], /^--workers takes a number from 2 to 16.*'many' .*\n$/],
    [['--port', '-1'], /^Option '--port' argument is ambiguous.*\n/],
    [['--port', 'http'], /^--port takes a number.*'http' .*\n$/],
    [['extra'], /^Unexpected argument 'extra'.*\n$/],
  ] as const) {
    test(`${args.join(' ')}: one line, and exit code 2`, async () => {
      const { code, output, errors } = await new CitiesProcess(args).end();
      assert.match(errors, message);
      assert.equal(errors.trimEnd().includes('\n'), false, errors);
      assert.deepEqual({ code, output }, { code: 2, output: '' });
    });
  }

  test('--help lists the options', async () => {
    const { code, output } = await new CitiesProcess(['--help']).end();
    assert.match(output, /--workers[\s\S]*--for[\s\S]*--port/);
    assert.equal(code, 0);
  });

  test('--for shows every part, with every mode, and ends by itself with nothing left behind', async () => {
    const cities = new CitiesProcess(['--for', '3s', '--workers', '3']);
    const segment = await segmentOf(cities);
    const { code, output, errors } = await cities.end();
    assert.equal(errors, '');
    assert.equal(code, 0);
    assert.match(output, /^3 workers serve it together: processes \d+, \d+, \d+\.$/m);
    const hasRedis = RedisServer.isInstalled();
    assert.equal(/^There is no redis-server .* without Redis\.$/m.test(output), !hasRedis);
    const cached = ['LocMemCache per worker', 'SharedCache', ...(hasRedis ? ['Redis on loopback', 'TieredCache'] : [])];
    const [comparison, kill, restart, outage] = tablesOf(output);
    assert.deepEqual([...comparison.keys()], ['No cache', ...cached]);
    for (const [label, row] of comparison) assert.match(row, /^ *\d+ .* ms .* ms .* \d+$/, label);
    assert.match(output, /^Memory of the 3 workers together.* \d+ MB \([PR]SS.*\)$/m);

    assert.match(output, /^Killed worker \d+ with SIGKILL.* The other 2 went on:$/m);
    assert.deepEqual([...kill.keys()], cached);
    for (const [label, row] of kill) {
      // Each of the three clients has at most one request under way.
      assert.match(row, / [1-9]\d* +[0-3] +0$/, `${label}: some were answered, few cut off, and no other failed`);
    }

    assert.deepEqual([...restart.keys()], cached);
    for (const [label, row] of restart) assert.match(row, / 0$/, `${label}: none failed`);
    const hitRatio = (label: string) => Number.parseFloat(restart.get(label) ?? '');
    assert.ok(hitRatio('SharedCache') > hitRatio('LocMemCache per worker'), output);

    assert.deepEqual(outage && [...outage.keys()], hasRedis ? ['Redis on loopback', 'TieredCache'] : undefined);
    if (hasRedis) assert.match(outage.get('TieredCache') ?? '', /^ +\d+ +0 .* 0$/, 'it fails open');
    assert.equal(existsSync(dirname(segment)), false);
  });

  test('CACHE_URL: one cache in place of all others', async () => {
    const { code, output, errors } = await new CitiesProcess(
      ['--for', '1s', '--workers', '2'],
      withEnv({
        CACHE_URL: 'locmem:?maxEntries=50',
      }),
    ).end();
    assert.deepEqual({ code, errors }, { code: 0, errors: '' });
    for (const table of tablesOf(output))
      assert.deepEqual(
        [...table.keys()].filter((label) => label !== 'No cache'),
        ['LocMemCache'],
      );
    assert.doesNotMatch(output, /redis/i);
  });

  for (const [env, message] of [
    [{ CACHE_URL: 'nope:' }, /^Cache 'default': Unknown backend: 'nope'.*\n$/],
    [{ CACHE_L1_URL: 'locmem:' }, /^CACHE_L1_URL is a cache in front of that of CACHE_URL, which is not set .*\n$/],
    [{ CACHE_L1_URL: 'redis://127.0.0.1:1', CACHE_URL: 'redis://127.0.0.1:1' }, /^Cache 'default': l1 is .*\n$/],
  ] as const) {
    test(`${JSON.stringify(env)}: one line, and exit code 2`, async () => {
      const { code, output, errors } = await new CitiesProcess([], withEnv(env)).end();
      assert.match(errors, message);
      assert.deepEqual({ code, output }, { code: 2, output: '' });
    });
  }

  for (const [signal, when, env] of [
    ['SIGINT', /^Measuring/m, process.env],
    ['SIGTERM', /^Killed worker/m, process.env],
    // Without a PATH there is no redis-server.
    ['SIGTERM', /^Restarting/m, { ...process.env, PATH: '' }],
  ] as const) {
    test(`${signal} ends it cleanly after ${when}`, async () => {
      const cities = new CitiesProcess(['--for', '3s'], env);
      const segment = await segmentOf(cities);
      await cities.printed(when);
      assert.equal(existsSync(segment), true);
      cities.child.kill(signal);
      // Its pipes are open for as long as one of its processes is there.
      const { code, output, errors } = await cities.end();
      assert.deepEqual({ code, errors }, { code: 0, errors: '' });
      assert.equal(existsSync(dirname(segment)), false);
      if (env.PATH === '') assert.match(output, /^There is no redis-server/m);
    });
  }

  test('when the main process is killed, the others end, and remove the segment', async () => {
    const cities = new CitiesProcess();
    const segment = await segmentOf(cities);
    await cities.printed(/^Measuring/m);
    cities.child.kill('SIGKILL');
    assert.equal((await cities.end()).code, null);
    assert.equal(existsSync(dirname(segment)), false);
  });

  const executablePath = findBrowser();
  test('the page in a browser', { skip: executablePath === undefined && NO_BROWSER }, async () => {
    const cities = new CitiesProcess();
    const browser = await chromium.launch({ executablePath: executablePath as string, args: BROWSER_ARGUMENTS });
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      const elsewhere: string[] = [];
      const origin = await cities.origin();
      page.on('request', (request) => {
        if (!request.url().startsWith(origin)) elsewhere.push(request.url());
      });

      await page.goto(origin);
      await page.getByLabel('Name of a place').fill('reykjavk');
      const found = page.getByRole('list', { name: 'Places found' }).getByRole('button').first();
      await found.filter({ hasText: 'Reykjavík, Iceland' }).waitFor();
      await page
        .locator('#search-note')
        .filter({ hasText: /\d ms, cache (hit|miss), worker \d+/ })
        .waitFor();

      // By keyboard alone.
      await found.press('Enter');
      await page.getByRole('list', { name: 'Places near' }).getByText('Kópavogur').waitFor();

      await page
        .locator('.card[data-mode="shared"]')
        .filter({ hasText: /[1-9]\d* requests\/s/ })
        .waitFor();
      await page.locator('#hits-chart canvas').waitFor();
      await page.getByLabel('No cache').check();
      await page.locator('#search-note').filter({ hasText: 'no cache' }).waitFor();

      await page.getByRole('button', { name: /^Ask \d+ times at once$/ }).click();
      await page
        .locator('#weather-note')
        .filter({ hasText: /\d+ at once, answered by \d workers?: \d reports?/ })
        .waitFor();
      await page.locator('#weather-now').filter({ hasText: 'Reykjavík, Iceland' }).waitFor();
      await page.locator('#office-asked').filter({ hasText: /[2-9]/ }).waitFor();
      await page.getByRole('list', { name: 'Mean temperatures' }).getByText('Marseille').waitFor();
      await page.getByRole('button', { name: 'The office corrects it' }).click();
      await page.locator('#climate-note').filter({ hasText: 'edition 2' }).waitFor();
      assert.deepEqual({ complaints, elsewhere }, { complaints: [], elsewhere: [] });
    } finally {
      await browser.close();
      cities.child.kill('SIGINT');
      assert.equal((await cities.end()).code, 0);
    }
  });

  test('the page sees the kill and the restart', { skip: executablePath === undefined && NO_BROWSER }, async () => {
    const browser = await chromium.launch({ executablePath: executablePath as string, args: BROWSER_ARGUMENTS });
    // So long that the page is loaded before the workers, who serve it, are restarted.
    const cities = new CitiesProcess(['--for', '12s']);
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      await page.goto(await cities.origin());
      const log = page.getByRole('log', { name: 'What happened' }).getByRole('listitem');
      await log.filter({ hasText: /Worker \d+ was killed with SIGKILL/ }).waitFor();
      await log.filter({ hasText: 'All workers are told to end' }).waitFor();
      await log.filter({ hasText: '4 new workers serve' }).waitFor();
      // It was connected to a worker that is gone, and is to one of the new ones.
      const card = page.locator('.card[data-mode="shared"]');
      await card.filter({ hasText: /after the restart *\d+\.\d %/ }).waitFor();
      await page.locator('#parts-chart canvas').waitFor();
      assert.deepEqual(complaints, []);
    } finally {
      await browser.close();
      assert.equal((await cities.end()).code, 0);
    }
  });
});

function withEnv(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...process.env, ...variables };
}

async function segmentOf(cities: CitiesProcess): Promise<string> {
  return (await cities.printed(/^SharedCache is the file (.*)\.$/m))[1];
}

/** The tables of the output: the rest of each row, by its label. */
function tablesOf(output: string): Map<string, string>[] {
  return output
    .split(/^-+$/m)
    .slice(1)
    .map((text) => {
      const rows = text.trim().split('\n\n', 1)[0].split('\n');
      return new Map(rows.map((row) => [row.split(/ {2,}/, 1)[0], row.slice(row.search(/ {2,}/))]));
    });
}

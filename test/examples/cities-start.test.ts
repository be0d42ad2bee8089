import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { chromium } from 'playwright-core';
import { BROWSER_ARGUMENTS, findBrowser, NO_BROWSER } from './browser.js';
import { CitiesProcess } from './cities-process.js';

suite('cities: npm start', () => {
  for (const [args, message] of [
    [['--prot', '80'], /^Unknown option '--prot' .*\n$/],
    [['--for', 'soon'], /^--for takes a time of at least 1s.*'soon' .*\n$/],
    [['--port', '-1'], /^Option '--port' argument is ambiguous.*\n/],
    [['--port', 'http'], /^--port takes a number.*'http' .*\n$/],
    [['extra'], /^Unexpected argument 'extra'.*\n$/],
  ] as const) {
    test(`${args.join(' ')}: one line, and exit code 2`, async () => {
      const { code, output, errors } = await new CitiesProcess(...args).end();
      assert.match(errors, message);
      assert.equal(errors.trimEnd().includes('\n'), false, errors);
      assert.deepEqual({ code, output }, { code: 2, output: '' });
    });
  }

  test('--help lists the options', async () => {
    const { code, output } = await new CitiesProcess('--help').end();
    assert.match(output, /--for[\s\S]*--port/);
    assert.equal(code, 0);
  });

  test('--for compares all modes, prints the table and ends by itself', async () => {
    const { code, output, errors } = await new CitiesProcess('--for', '3s').end();
    assert.equal(errors, '');
    assert.equal(code, 0);
    for (const label of ['No cache', 'LRU', 'TinyLFU']) {
      assert.match(output, new RegExp(`^${label} +\\d+ .* ms .* ms .* \\d+$`, 'm'));
    }
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} ends it cleanly in the middle of the comparison`, async () => {
      const cities = new CitiesProcess();
      await cities.printed(/Measuring/);
      cities.child.kill(signal);
      const { code, errors } = await cities.end();
      assert.deepEqual({ code, errors }, { code: 0, errors: '' });
    });
  }

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
        .filter({ hasText: /\d ms, cache (hit|miss)/ })
        .waitFor();

      // By keyboard alone.
      await found.press('Enter');
      await page.getByRole('list', { name: 'Places near' }).getByText('Kópavogur').waitFor();

      await page
        .locator('.card[data-mode="tinylfu"]')
        .filter({ hasText: /[1-9]\d* requests\/s/ })
        .waitFor();
      await page.locator('#hits-chart canvas').waitFor();
      await page.getByLabel('No cache').check();
      await page.locator('#search-note').filter({ hasText: 'no cache' }).waitFor();
      assert.deepEqual({ complaints, elsewhere }, { complaints: [], elsewhere: [] });
    } finally {
      await browser.close();
      cities.child.kill('SIGINT');
      assert.equal((await cities.end()).code, 0);
    }
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { DummyCache } from 'locmem';
import { openChosen, readChosen } from '../../examples/cities/chosen-cache.js';
import { LiveFigures } from '../../examples/cities/live-figures.js';
import { bytesOfAll, closeModes, openModes } from '../../examples/cities/modes.js';
import { loadPlaces } from '../../examples/cities/places.js';
import type { Answer } from '../../examples/cities/queries.js';
import { createService, listen } from '../../examples/cities/service.js';
import { WeatherService } from '../../examples/cities/weather.js';

const places = await loadPlaces();

suite('cities: the service', () => {
  const serve = async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cities-'));
    const modes = await openModes({ workers: 2, location: join(folder, 'answers.cache'), redisUrls: {} }, 1);
    const live = new LiveFigures();
    const weather = new WeatherService({ cache: new DummyCache(), places, office: 'http://127.0.0.1:1' });
    const server = createService({ places, modes, weather, live });
    const origin = `http://127.0.0.1:${await listen(server, 0)}`;
    return {
      live,
      modes,
      get: (path: string, init?: RequestInit) => fetch(`${origin}${path}`, init),
      origin,
      async [Symbol.asyncDispose]() {
        server.close();
        server.closeAllConnections();
        await closeModes(modes);
        rmSync(folder, { recursive: true });
      },
    };
  };

  test('the second answer is the first, from the cache, however it is written', async () => {
    await using service = await serve();
    const ask = async (path: string) => {
      const response = await service.get(path);
      const body = (await response.json()) as Answer;
      assert.equal(response.headers.get('x-cache'), body.cache);
      assert.equal(response.headers.get('x-worker'), String(process.pid));
      return body;
    };
    const miss = await ask('/api/search?q=S%C3%A3o+Paulo&cache=shared');
    const hit = await ask('/api/search?q=sao--paulo&cache=shared');
    assert.deepEqual([miss.cache, hit.cache], ['miss', 'hit']);
    assert.deepEqual(hit.results, miss.results);
    assert.equal((await ask('/api/search?q=sao+paulo&cache=local')).cache, 'miss', 'the caches are separate');
    assert.equal((await ask('/api/nearest?lat=48.91&lon=2.35&cache=local')).cache, 'miss');
    assert.equal((await ask('/api/nearest?lat=48.88&lon=2.44&cache=local')).cache, 'hit');
    assert.equal((await ask('/api/search?q=sao+paulo&cache=none')).cache, 'none');

    const held = await Promise.all(service.modes.map(async ({ cache }) => (await cache?.stats())?.entries));
    assert.deepEqual(held, [undefined, 2, 1]);
  });

  test('the caches of all workers together may hold what the shared one may', async () => {
    await using service = await serve();
    const [, local, shared] = service.modes;
    for (let entry = 0; entry < 3000; entry++) {
      for (const mode of [local, shared]) await mode.cache?.getOrSet(`key:${entry}`, () => 'x'.repeat(200));
    }
    const bytes = async (mode: typeof local) => (await mode.cache?.stats())?.bytes ?? 0;
    const bound = bytesOfAll(2);
    assert.ok((await bytes(local)) <= bound / 2 && (await bytes(local)) > (bound / 2) * 0.9);
    assert.ok((await bytes(shared)) < bound && (await bytes(shared)) > bound / 2);
  });

  test('bad requests are told what is wrong', async () => {
    await using service = await serve();
    for (const [path, status] of [
      ['/api/search', 400],
      ['/api/search?q=%21', 400],
      [`/api/search?q=${'x'.repeat(61)}`, 400],
      ['/api/search?q=paris&cache=best', 400],
      ['/api/nearest?lat=91&lon=0', 400],
      ['/api/nearest?lat=&lon=0', 400],
      ['/api/nearest?lat=NaN&lon=0', 400],
      ['/api/nothing', 404],
      ['/../package.json', 404],
      ['/toString', 404],
    ] as const) {
      const response = await service.get(path);
      assert.equal(response.status, status, path);
      assert.ok(((await response.json()) as { error: string }).error, path);
    }
    assert.equal((await service.get('/', { method: 'POST' })).status, 405);
  });

  test('the page and all that it loads is served, and nothing from elsewhere is allowed', async () => {
    await using service = await serve();
    const page = await service.get('/');
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    const files = [...(await page.text()).matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, path]) => path);
    assert.ok(files.length >= 3);
    for (const path of [...files, '/echarts.js', '/charts.js', '/map.js', '/search.js', '/figures.js', '/weather.js']) {
      assert.equal((await service.get(path)).status, 200, path);
    }
  });

  test('the figures come live', async () => {
    await using service = await serve();
    const response = await service.get('/api/live');
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    const events = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    let told = '';
    const until = async (end: string) => {
      while (!told.endsWith(end)) told += (await events.read()).value ?? '';
    };
    await until('data: null\n\n');
    service.live.show('{"phase":"measured"}');
    await until('data: {"phase":"measured"}\n\n');
    assert.match(told, /^retry: \d+\n/);
    assert.deepEqual(await (await service.get('/api/figures')).json(), { phase: 'measured' });
    await events.cancel();
  });

  test('a port that is taken gives way to a free one', async () => {
    await using service = await serve();
    const other = createServer();
    const port = await listen(other, Number(new URL(service.origin).port));
    assert.notEqual(port, Number(new URL(service.origin).port));
    other.close();
  });
});

suite('cities: the cache that the environment names', () => {
  test('none, one, or one before another', () => {
    assert.equal(readChosen({}), undefined);
    assert.equal(readChosen({ CACHE_URL: '' }), undefined);
    assert.deepEqual(readChosen({ CACHE_URL: 'dummy:' }), { url: 'dummy:', l1Url: undefined });
    const both = { CACHE_URL: 'redis://one', CACHE_L1_URL: 'locmem:' };
    assert.deepEqual(readChosen(both), { url: 'redis://one', l1Url: 'locmem:' });
    assert.throws(() => readChosen({ CACHE_L1_URL: 'locmem:' }), /CACHE_URL, which is not set/);
  });

  test('each worker plays a machine: its l1 is its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cities-'));
    const chosen = { url: 'redis://127.0.0.1:1', l1Url: `shared://${folder}/l1-{worker}.cache` };
    const caches = [1, 2].map((worker) => openChosen(chosen, worker));
    assert.deepEqual(readdirSync(folder).sort(), ['l1-1.cache', 'l1-2.cache']);
    await Promise.all(caches.map((cache) => cache.close()));
    rmSync(folder, { recursive: true });
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Chosen } from '../../examples/cities/chosen-cache.js';
import { nameChosen } from '../../examples/cities/modes.js';
import { RedisServer } from '../../examples/cities/redis-server.js';
import { type Climate, WEATHER_TIMES, type Weather } from '../../examples/cities/weather.js';
import { WeatherOffice } from '../../examples/cities/weather-office.js';
import { Workers } from '../../examples/cities/workers.js';
import { gate } from '../conformance/gate.js';
import { until } from '../conformance/until.js';
import { needs } from '../servers/needs.js';

const PARIS = '/api/weather?place=2988507';
const CROWD = 24;

type Answered<T> = T & { readonly status: number; readonly worker: number };
type WeatherAnswer = Answered<{ readonly weather: Weather; readonly isStale: boolean }>;

interface Scene {
  readonly office: WeatherOffice;
  readonly pids: readonly number[];
  ask<T>(path: string, method?: string): Promise<Answered<T>>;
  /** One answer of each worker, or more. */
  askAll<T>(path: string): Promise<Answered<T>[]>;
}

interface Setting {
  /** The cache; without it that of the service. */
  readonly chosen?: Chosen;
  /** What the answers of the office wait for. */
  readonly delay?: () => Promise<unknown>;
  /** How long the weather is good for, in milliseconds. */
  readonly ttl?: number;
}

/** Two workers, and an office that answers when it is let. */
async function play(run: (scene: Scene) => Promise<void>, setting: Setting = {}): Promise<void> {
  const { chosen: cache, delay = async () => {}, ttl = 3_600_000 } = setting;
  const folder = mkdtempSync(join(tmpdir(), 'cities-'));
  const office = await WeatherOffice.open(delay);
  const chosen = cache && { cache, name: await nameChosen(cache) };
  const caches = { workers: 2, location: join(folder, 'answers.cache'), redisUrls: {}, chosen };
  const times = { ...WEATHER_TIMES, ttl, timeout: 60_000 };
  const workers = new Workers(caches, { office: office.url, times }, 0);
  try {
    const { port } = await workers.start();
    const ask = async <T>(path: string, method = 'GET') => {
      // Each by a connection of its own, which goes to the next worker.
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { connection: 'close' } });
      return { ...((await response.json()) as T & { worker: number }), status: response.status };
    };
    const askAll = async <T>(path: string) => {
      const answers: Answered<T>[] = [];
      await until(async () => {
        answers.push(await ask<T>(path));
        return workers.pids.every((pid) => answers.some(({ worker }) => worker === pid));
      });
      return answers;
    };
    await run({ office, pids: workers.pids, ask, askAll });
  } finally {
    await workers.stop();
    await office.close();
    rmSync(folder, { recursive: true });
  }
}

/** How often the office is asked for what a crowd wants at once, and nobody has yet. */
async function stampede(expected: number, chosen?: Chosen): Promise<void> {
  const mayAnswer = gate<void>();
  await play(
    async ({ office, pids, ask }) => {
      const crowd = Promise.all(Array.from({ length: CROWD }, () => ask<WeatherAnswer>(PARIS)));
      await until(() => office.state.asked >= expected);
      mayAnswer.open();
      const answers = await crowd;
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      assert.deepEqual(new Set(answers.map(({ worker }) => worker)), new Set(pids), 'all workers had some of them');
      assert.equal(new Set(answers.map(({ weather }) => weather.report)).size, expected);
      assert.equal(office.state.asked, expected);
    },
    { delay: () => mayAnswer.opened, ...(chosen && { chosen }) },
  );
}

/** All workers have it; one of them is told of a correction. */
async function correction(chosen?: Chosen): Promise<void> {
  await play(async ({ office, ask, askAll }) => {
    const [first, ...others] = await askAll<Climate>('/api/climate?country=FR');
    for (const other of others) assert.deepEqual(other.places, first.places);
    assert.equal(office.state.asked, 1, 'one call for all places and workers');
    const { edition } = await ask<{ edition: number }>('/api/corrections?country=FR', 'POST');
    assert.equal(edition, first.edition + 1);
    for (const after of await askAll<Climate>('/api/climate?country=FR')) {
      assert.equal(after.edition, edition);
      for (const [index, place] of after.places.entries()) assert.notEqual(place.mean, first.places[index].mean);
    }
    assert.equal(office.state.asked, 2);
  }, chosen && { chosen });
}

suite('cities: the weather, in several workers', () => {
  test('a crowd on what nobody has: the office is asked once for all workers', () => stampede(1));

  test('with a cache in each worker, once for each', () => stampede(2, { url: 'locmem:', l1Url: undefined }));

  test('what one worker is told of a correction holds for the others', () => correction());

  test('while the office is away, every worker serves what is old, and one that is back is asked again', () =>
    play(
      async ({ office, ask, askAll }) => {
        const { weather: first } = await ask<WeatherAnswer>(PARIS);
        await ask('/api/office?away=true', 'POST');
        assert.equal(office.state.isAway, true);
        await until(async () => (await ask<WeatherAnswer>(PARIS)).isStale);
        for (const { status, weather, isStale } of await askAll<WeatherAnswer>(PARIS)) {
          assert.deepEqual({ status, weather, isStale }, { status: 200, weather: first, isStale: true });
        }
        assert.equal((await ask('/api/weather?place=2643743')).status, 503, 'of London there is nothing');
        await ask('/api/office?away=false', 'POST');
        await until(async () => (await ask<WeatherAnswer>(PARIS)).weather.report > first.report);
      },
      { ttl: 1 },
    ));

  test('bad requests are told what is wrong', () =>
    play(async ({ ask }) => {
      for (const [path, method, status] of [
        ['/api/weather', 'GET', 400],
        ['/api/weather?place=99', 'GET', 400],
        ['/api/climate?country=fr', 'GET', 400],
        ['/api/corrections', 'POST', 400],
        ['/api/corrections?country=FR', 'GET', 404],
        ['/api/climate?country=FR', 'DELETE', 405],
      ] as const) {
        assert.equal((await ask(path, method)).status, status, `${method} ${path}`);
      }
    }));

  needs('redis-server', () => {
    const withRedis = async (run: (url: string) => Promise<void>) => {
      const folder = mkdtempSync(join(tmpdir(), 'cities-'));
      const redis = await RedisServer.start(folder);
      try {
        await redis.ready();
        await run(redis.url);
      } finally {
        await redis.stop();
        rmSync(folder, { recursive: true });
      }
    };
    test('Redis: a crowd asks the office once', () => withRedis((url) => stampede(1, { url, l1Url: undefined })));
    test('Redis behind a LocMemCache in each worker: so does it', () =>
      withRedis((url) => stampede(1, { url, l1Url: 'locmem:' })));
    test('Redis: a correction holds for all workers', () => withRedis((url) => correction({ url, l1Url: undefined })));
  });
});

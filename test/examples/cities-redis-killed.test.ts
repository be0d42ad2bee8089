import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Chosen } from '../../examples/cities/chosen-cache.js';
import { type CacheSettings, nameChosen } from '../../examples/cities/modes.js';
import { RedisServer } from '../../examples/cities/redis-server.js';
import { Workers } from '../../examples/cities/workers.js';
import { needs } from '../servers/needs.js';

const CLIENTS = 6;
const NAMES = ['paris', 'lima', 'paris', 'oslo', 'paris', 'bonn', 'rome', 'kyiv'];

needs('redis-server', () => {
  suite('cities: Redis is killed under load, and comes back', () => {
    for (const [what, l1Url] of [
      ['RedisCache', undefined],
      ['TieredCache, whose l1 is not read while nobody tells it of changes', 'locmem:'],
    ] as const) {
      test(`${what}: without it requests fail, and none waits`, async () => {
        await using scene = await Scene.open((url) => ({ url, l1Url }));
        await scene.hitsInAllWorkers();
        await scene.redis.stop();
        await scene.sees(({ status }) => status === 503);
        await scene.answersInAllWorkers(503);
        assert.equal(await scene.statusOf('/api/search?q=paris&cache=none'), 200, 'what needs no cache is served');
        await scene.redis.startAgain();
        await scene.hitsInAllWorkers();
        await scene.answersInAllWorkers(200);
        assert.ok((await scene.errors()) > 0, 'it is counted');
      });
    }

    test('failOpen: every request is answered, without the cache while it is away', async () => {
      await using scene = await Scene.open((url) => ({ url: `${url}?failOpen=true`, l1Url: undefined }));
      await scene.hitsInAllWorkers();
      await scene.redis.stop();
      const isMiss = ({ name, cache }: Answered) => name === 'paris' && cache === 'miss';
      // Were the cache there, the first of them would have filled it.
      for (let i = 0; i < 2 * CLIENTS; i++) await scene.sees(isMiss);
      await scene.redis.startAgain();
      await scene.hitsInAllWorkers();
      assert.deepEqual([...scene.statuses], [200]);
      assert.ok((await scene.errors()) > 0, 'it is counted');
    });
  });
});

interface Answered {
  readonly status: number;
  readonly name: string;
  readonly cache: string | null;
  readonly worker: number;
}

/** Workers that serve from a Redis of their own, under load all the time. */
class Scene {
  readonly #folder: string;
  readonly #workers: Workers;
  readonly #mode: CacheSettings['chosen'] & object;
  readonly #answers = new EventEmitter<{ answer: [Answered] }>();
  readonly #died: number[] = [];
  /** Of all answers so far. */
  readonly statuses = new Set<number>();
  readonly redis: RedisServer;
  #origin = '';
  #isOver = false;
  #load: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, redis: RedisServer, mode: CacheSettings['chosen'] & object) {
    this.#folder = folder;
    this.#mode = mode;
    this.redis = redis;
    const settings = { workers: 2, location: join(folder, 'answers.cache'), redisUrls: {}, chosen: mode };
    this.#workers = new Workers(settings, { office: 'http://127.0.0.1:1' }, 0);
    this.#workers.on('died', (pid) => this.#died.push(pid));
  }

  static async open(choose: (url: string) => Chosen): Promise<Scene> {
    const folder = mkdtempSync(join(tmpdir(), 'cities-'));
    const redis = await RedisServer.start(folder);
    await redis.ready();
    const cache = choose(redis.url);
    const scene = new Scene(folder, redis, { cache, name: await nameChosen(cache) });
    const { port } = await scene.#workers.start();
    scene.#origin = `http://127.0.0.1:${port}`;
    scene.#load = Promise.all(Array.from({ length: CLIENTS }, (_, first) => scene.#client(first)));
    // Whoever waits for an answer hears of a failure.
    scene.#load.catch(() => {});
    return scene;
  }

  /** Resolves at the next such answer. */
  async sees(isIt: (answered: Answered) => boolean): Promise<void> {
    let listen: (answered: Answered) => void = () => {};
    const seen = new Promise<void>((resolve) => {
      listen = (answered) => {
        if (isIt(answered)) resolve();
      };
      this.#answers.on('answer', listen);
    });
    await Promise.race([seen, this.#load]);
    this.#answers.off('answer', listen);
  }

  async hitsInAllWorkers(): Promise<void> {
    await Promise.all(
      this.#workers.pids.map((pid) => this.sees(({ worker, cache }) => worker === pid && cache === 'hit')),
    );
  }

  /** What now comes from each worker, for a while, has this status. */
  async answersInAllWorkers(status: number): Promise<void> {
    for (let i = 0; i < 2 * CLIENTS; i++) {
      await Promise.all(this.#workers.pids.map((pid) => this.sees(({ worker }) => worker === pid)));
      if (i < CLIENTS) this.statuses.clear();
    }
    assert.deepEqual([...this.statuses], [status]);
  }

  async statusOf(path: string): Promise<number> {
    return (await fetch(`${this.#origin}${path}`)).status;
  }

  /** Calls that the server did not answer, in all workers. */
  async errors(): Promise<number> {
    await this.#workers.report();
    const { name } = this.#mode;
    return this.#workers.caches([name]).get(name.id)?.errors ?? 0;
  }

  async #client(first: number): Promise<void> {
    for (let i = first; !this.#isOver; i++) {
      const name = NAMES[i % NAMES.length];
      const { status, headers, body } = await fetch(`${this.#origin}/api/search?q=${name}`);
      await body?.cancel();
      this.statuses.add(status);
      this.#answers.emit('answer', {
        status,
        name,
        cache: headers.get('x-cache'),
        worker: Number(headers.get('x-worker')),
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    try {
      await this.#load;
      assert.deepEqual(this.#died, [], 'no worker died of it');
    } finally {
      await this.#workers.stop();
      await this.redis.stop();
      rmSync(this.#folder, { recursive: true });
    }
  }
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { LocMemCache, LocMemCacheOptions } from 'locmem';
import { checkStore } from './check-store.js';
import { type Opened, opened } from './opened.js';

const PREFIXES = ['', 'p'];
const KEYS = ['a', 'b', 'c', 'd'];

const at = fc.record({ prefix: fc.constantFrom(...PREFIXES), key: fc.constantFrom(...KEYS) });
const tags = fc.uniqueArray(fc.constantFrom('red', 'green', 'blue'), { maxLength: 3 });
const value = fc.nat(99);
const time = fc.constantFrom(0, 20, 60, Number.POSITIVE_INFINITY);

const operation = fc.oneof(
  { weight: 4, arbitrary: fc.record({ call: fc.constantFrom('set', 'add'), at, value, ttl: time, tags }) },
  { weight: 5, arbitrary: fc.record({ call: fc.constant('load'), at, value, ttl: time, tags, staleFor: time }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('renew'), at, ttl: time, staleFor: time }) },
  { weight: 4, arbitrary: fc.record({ call: fc.constantFrom('get', 'has', 'delete', 'incr', 'move'), at }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('touch'), at, ttl: time }) },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('deleteTags'), at, tags }) },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('advance'), value: fc.nat(40) }) },
  fc.record({ call: fc.constantFrom('stats', 'clear'), at }),
);

interface Operation {
  call: string;
  at?: { prefix: string; key: string };
  value?: number;
  ttl?: number;
  staleFor?: number;
  tags?: string[];
}

interface Entry {
  value: number;
  expiresAt: number;
  staleFor: number;
  tags: string[];
}

/** What is stored, if nothing is evicted: as simple as can be. */
class Model {
  readonly entries = new Map<string, Entry>();
  now = 0;

  live(name: string): Entry | undefined {
    const entry = this.entries.get(name);
    return entry !== undefined && entry.expiresAt > this.now ? entry : undefined;
  }

  /** The entry, also where it is stale. */
  held(name: string): Entry | undefined {
    const entry = this.entries.get(name);
    return entry !== undefined && entry.expiresAt + entry.staleFor > this.now ? entry : undefined;
  }

  put(name: string, { value, ttl, staleFor = 0, tags = [] }: Operation): void {
    if (ttl! > 0) this.entries.set(name, { value: value!, expiresAt: this.now + ttl!, staleFor, tags });
    else this.entries.delete(name);
  }
}

/** One run: caches of two prefixes on one store, and the model. */
class Run {
  readonly #real: Opened;
  readonly #caches: Map<string, LocMemCache>;
  readonly #model = new Model();
  /** Whether entries may be gone for want of room. */
  readonly #evicts: boolean;

  constructor(options: LocMemCacheOptions) {
    this.#real = opened(options);
    this.#caches = new Map(PREFIXES.map((keyPrefix) => [keyPrefix, this.#real.open({ keyPrefix })]));
    this.#evicts = options.maxEntries! < PREFIXES.length * KEYS.length * 2;
  }

  async step(operation: Operation): Promise<void> {
    const { call, at = { prefix: '', key: 'a' } } = operation;
    const cache = this.#caches.get(at.prefix)!;
    const name = `${at.prefix}/${at.key}`;
    if (call === 'advance') {
      this.#real.clock.advance(operation.value!);
      this.#model.now += operation.value!;
    } else if (call === 'clear') {
      cache.clearSync();
      for (const key of this.#model.entries.keys()) {
        if (at.prefix === '' || key.startsWith(`${at.prefix}/`)) this.#model.entries.delete(key);
      }
    } else if (call === 'stats') {
      const alive = [...this.#model.entries.keys()].filter((one) => this.#model.live(one) !== undefined);
      if (!this.#evicts) assert.equal(cache.statsSync().entries, alive.length);
      else assert.ok(cache.statsSync().entries! <= alive.length);
    } else if (call === 'deleteTags') {
      cache.deleteTagsSync(operation.tags!);
      for (const [key, entry] of this.#model.entries) {
        const isOwn = key.startsWith(`${at.prefix}/`);
        if (isOwn && entry.tags.some((tag) => operation.tags!.includes(tag))) this.#model.entries.delete(key);
      }
    } else await this.#use(operation, cache, at.key, name);
    checkStore(this.#real.store);
  }

  end(): void {
    this.#real.close();
  }

  async #use(operation: Operation, cache: LocMemCache, key: string, name: string): Promise<void> {
    const { call, value, ttl, tags } = operation;
    const model = this.#model;
    // What was evicted is as if it had not been stored.
    if (this.#evicts && !this.#isHeld(name)) model.entries.delete(name);
    const live = model.live(name);
    if (call === 'set') {
      cache.setSync(key, value, { ttl: ttl!, tags });
      model.put(name, operation);
    } else if (call === 'add') {
      assert.equal(cache.addSync(key, value, { ttl: ttl!, tags }), live === undefined);
      if (live === undefined) model.put(name, operation);
    } else if (call === 'load') {
      const options = { ttl: ttl!, tags, staleWhileRevalidate: operation.staleFor! };
      const held = model.held(name);
      // With a time to be stale that is the reader's.
      const isServed = live !== undefined || (held !== undefined && model.now - held.expiresAt < operation.staleFor!);
      const answer = await cache.getOrSet(key, () => value!, options);
      assert.equal(answer, isServed ? held!.value : value);
      if (live === undefined) model.put(name, operation);
    } else if (call === 'renew') {
      const held = model.held(name);
      const options = { ttl: ttl!, staleIfError: operation.staleFor! };
      const found = await cache.getOrSet(
        key,
        ({ stale, unchanged }) => (stale === undefined ? -1 : unchanged),
        options,
      );
      const seen = operation.staleFor! > 0 ? held : live;
      assert.equal(found, seen === undefined ? -1 : seen.value);
      if (seen === undefined) model.put(name, { ...operation, value: -1 });
      else if (live === undefined && ttl! > 0) {
        seen.expiresAt = model.now + ttl!;
        seen.staleFor = operation.staleFor!;
      } else if (live === undefined) model.entries.delete(name);
    } else if (call === 'touch') {
      assert.equal(cache.touchSync(key, ttl!), live !== undefined);
      if (live !== undefined && ttl! > 0) live.expiresAt = model.now + ttl!;
      else if (live !== undefined) model.entries.delete(name);
    } else if (call === 'delete') {
      assert.equal(cache.deleteSync(key), live !== undefined);
      model.entries.delete(name);
    } else if (call === 'get') assert.equal(cache.getSync(key), live?.value);
    else if (call === 'has') assert.equal(cache.hasSync(key), live !== undefined);
    else if (live === undefined) {
      assert.throws(() => (call === 'incr' ? cache.incrSync(key) : cache.incrVersionSync(key)), {
        name: 'KeyNotFoundError',
      });
    } else if (call === 'incr') assert.equal(cache.incrSync(key), ++live.value);
    else {
      // There and back: nothing else ever stands at the other version.
      cache.incrVersionSync(key);
      cache.decrVersionSync(key, 1, { version: 2 });
    }
  }

  #isHeld(name: string): boolean {
    const { store } = this.#real;
    const [prefix, key] = name.split('/');
    return store.keys.some((held, slot) => held === key && store.ownerOf(slot).keyspace.prefix === prefix);
  }
}

describe('entries with tags and a time to be stale', () => {
  for (const [title, options, numRuns] of [
    ['lru', { maxEntries: 40 }, 400],
    ['lru, full', { maxEntries: 4 }, 400],
    ['lru, full, with a maxSize', { maxEntries: 6, maxSize: 300 }, 200],
    ['lru with cullFrequency 0', { maxEntries: 4, cullFrequency: 0 }, 100],
    ['tinylfu, full', { maxEntries: 4, policy: 'tinylfu' }, 200],
  ] as [string, LocMemCacheOptions, number][]) {
    it(`are as the model says after any sequence of calls, and the store is whole: ${title}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 80, size: 'max' }), async (operations) => {
          const run = new Run(options);
          try {
            for (const one of operations) await run.step(one);
          } finally {
            run.end();
          }
        }),
        { numRuns },
      );
    });
  }

  it('leave no tag behind that no entry has', () => {
    const { cache, store, close } = opened({ maxEntries: 100 });
    for (let i = 0; i < 20_000; i++) cache.setSync(`k${i % 300}`, i, { tags: [`once ${i}`] });
    assert.equal(store.extras.registry.size, 100);
    cache.deleteTagSync('once 19999');
    assert.equal(cache.statsSync().entries, 99);
    assert.equal(store.extras.registry.size, 99);
    cache.clearSync();
    assert.equal(store.extras.registry.size, 0);
    close();
  });

  it('go before live ones when the store is full: those of a deleted tag', () => {
    const { cache, close } = opened({ maxEntries: 100 });
    for (let i = 0; i < 50; i++) cache.setSync(`old${i}`, i);
    for (let i = 0; i < 50; i++) cache.setSync(`tagged${i}`, i, { tags: ['t'] });
    cache.deleteTagSync('t');
    for (let i = 0; i < 50; i++) cache.setSync(`new${i}`, i);
    const { entries, evictions } = cache.statsSync();
    assert.ok(entries! > 90 && evictions! < 10, `${entries} entries, ${evictions} evictions`);
    close();
  });

  it('go before live ones when the store is full: those that are stale', async () => {
    const { cache, clock, close } = opened({ maxEntries: 100 });
    for (let i = 0; i < 50; i++) cache.setSync(`old${i}`, i);
    for (let i = 0; i < 50; i++) await cache.getOrSet(`stale${i}`, i, { ttl: 10, staleIfError: '1d' });
    clock.advance(10);
    for (let i = 0; i < 50; i++) cache.setSync(`new${i}`, i);
    const { entries, evictions } = cache.statsSync();
    assert.ok(entries! > 90 && evictions! < 10, `${entries} entries, ${evictions} evictions`);
    close();
  });

  it('count as expired once they go: when their time to be stale is over, or another is stored', async () => {
    const { cache, clock, store, close } = opened();
    for (const key of ['a', 'b']) await cache.getOrSet(key, 1, { ttl: 10, staleIfError: 100 });
    clock.advance(10);
    assert.deepStrictEqual([cache.statsSync().entries, cache.statsSync().expirations, store.count], [0, 0, 2]);
    cache.setSync('a', 2);
    assert.equal(cache.statsSync().expirations, 1);
    clock.advance(100);
    assert.deepStrictEqual([cache.statsSync().entries, cache.statsSync().expirations, store.count], [1, 2, 1]);
    close();
  });

  it('count for maxSize by their tags', () => {
    const { cache, close } = opened({ maxSize: 10_000 });
    cache.setSync('k', 1);
    const plain = cache.statsSync().bytes!;
    cache.setSync('k', 1, { tags: ['a', 'b'] });
    assert.ok(cache.statsSync().bytes! > plain);
    cache.setSync('k', 1);
    assert.equal(cache.statsSync().bytes, plain);
    close();
  });
});

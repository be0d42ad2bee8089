import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { LocMemCache, LocMemCacheOptions } from 'locmem';
import { LruPolicy } from '#dist/locmem/lru.js';
import type { Store } from '#dist/locmem/store.js';
import { checkStore, oldestFirst } from './check-store.js';
import { type Opened, opened } from './opened.js';
import { type ModelEntry, RecencyModel } from './recency-model.js';

const PREFIXES = ['', 'p', 'pp'];
const VERSIONS = [1, 2, 3];

const place = fc.record({
  prefix: fc.constantFrom(...PREFIXES),
  version: fc.constantFrom(...VERSIONS),
  key: fc.constantFrom('a', 'b', 'c', 'd'),
});
const ttl = fc.constantFrom(0, 20, 60, 1000, Number.POSITIVE_INFINITY);
const value = fc.integer({ min: 0, max: 99 });

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ call: fc.constantFrom('set', 'add', 'getOrSet'), at: place, value, ttl }) },
  { weight: 4, arbitrary: fc.record({ call: fc.constantFrom('get', 'has', 'getMany'), at: place }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('delete'), at: place }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('incr'), at: place, value }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('touch'), at: place, ttl }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('move'), at: place, value: fc.constantFrom(-1, 0, 1) }) },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('advance'), value: fc.nat(40) }) },
  fc.record({ call: fc.constant('stats') }),
  { weight: 1, arbitrary: fc.record({ call: fc.constant('clear'), at: place }) },
);

interface Operation {
  call: string;
  at?: { prefix: string; version: number; key: string };
  value?: number;
  ttl?: number;
}

const sizeOf = (stored: unknown): number => (stored as number) % 7;
const nameAt = (prefix: string, version: number, key: string): string => `${prefix}/${version}/${key}`;

/** The names that the store holds: in the order of their use, where it keeps one. */
function namesIn(store: Store): string[] {
  const slots = store.policy instanceof LruPolicy ? oldestFirst(store.policy) : [...store.keys.keys()];
  return slots
    .filter((slot) => store.keys[slot] !== undefined)
    .map((slot) => {
      const owner = store.ownerOf(slot);
      const { keyspace } = owner;
      const version = VERSIONS.find((one) => keyspace.namespaces.get(one) === owner);
      return nameAt(keyspace.prefix, version!, store.keys[slot]!);
    });
}

/** One run: a store and its model, operation by operation. */
class Run {
  readonly #real: Opened;
  readonly #caches = new Map<string, LocMemCache>();
  readonly #model: RecencyModel;
  readonly #isSized: boolean;
  readonly #isLru: boolean;
  readonly #began: number;

  constructor(options: LocMemCacheOptions) {
    this.#real = opened(options);
    this.#began = this.#real.clock.time;
    for (const keyPrefix of PREFIXES) this.#caches.set(keyPrefix, this.#real.open({ keyPrefix }));
    this.#isSized = options.maxSize !== undefined;
    this.#isLru = options.policy !== 'tinylfu';
    this.#model = new RecencyModel({
      maxEntries: options.maxEntries!,
      maxSize: (options.maxSize as number | undefined) ?? Number.POSITIVE_INFINITY,
      cullFrequency: options.cullFrequency,
      isLru: this.#isLru,
    });
  }

  step(operation: Operation): void {
    const { call, at = { prefix: '', version: 1, key: 'a' } } = operation;
    const cache = this.#caches.get(at.prefix)!;
    const name = nameAt(at.prefix, at.version, at.key);
    if (call === 'advance') {
      this.#real.clock.advance(operation.value!);
      this.#model.now += operation.value!;
    } else if (call === 'stats') this.#stats(cache);
    else if (call === 'clear') this.#clear(cache, at.prefix);
    else if (operation.ttl !== undefined && call !== 'touch') this.#write(operation, cache, name, at);
    else this.#use(operation, cache, name, at);
    checkStore(this.#real.store);
    const [held, expected] = [namesIn(this.#real.store), this.#model.entries.map((entry) => entry.name)];
    if (this.#isLru) assert.deepStrictEqual(held, expected);
    else assert.deepStrictEqual(held.sort(), expected.sort());
  }

  end(): void {
    for (const { name, value, expiresAt } of [...this.#model.entries]) {
      if (expiresAt <= this.#model.now) continue;
      const [prefix, version, key] = name.split('/');
      assert.equal(this.#caches.get(prefix!)!.getSync(key!, { version: Number(version) }), value, name);
    }
    this.#real.close();
  }

  #write(
    { call, value, ttl }: Operation,
    cache: LocMemCache,
    name: string,
    { key, version }: { key: string; version: number },
  ): void {
    const options = { ttl: ttl!, version };
    const found = call === 'set' ? undefined : call === 'add' ? this.#model.peek(name) : this.#model.find(name);
    if (call === 'set') cache.setSync(key, value, options);
    else if (call === 'add') assert.equal(cache.addSync(key, value, options), found === undefined);
    else
      assert.equal(
        cache.getOrSetSync(key, () => value, options),
        found?.value ?? value,
      );
    if (found !== undefined) {
      if (call === 'getOrSet') this.#model.renew(name);
      return;
    }
    if (ttl! <= 0) this.#model.remove(name);
    else {
      const size = this.#isSized ? sizeOf(value) : 0;
      const entry: ModelEntry = { name, value: value!, expiresAt: this.#model.now + ttl!, size };
      this.#model.store(entry, new Set(namesIn(this.#real.store)));
    }
  }

  #use(
    operation: Operation,
    cache: LocMemCache,
    name: string,
    { prefix, version, key }: NonNullable<Operation['at']>,
  ): void {
    const at = { version };
    const found = this.#model.find(name);
    const isThere = found !== undefined;
    if (operation.call === 'get') assert.equal(cache.getSync(key, at), found?.value);
    else if (operation.call === 'has') assert.equal(cache.hasSync(key, at), isThere);
    else if (operation.call === 'getMany') assert.equal(cache.getManySync([key], at).get(key), found?.value);
    else if (operation.call === 'touch') assert.equal(cache.touchSync(key, operation.ttl!, at), isThere);
    else if (operation.call === 'delete') assert.equal(cache.deleteSync(key, at), isThere);
    else if (!isThere) {
      const change =
        operation.call === 'incr' ? () => cache.incrSync(key, 1, at) : () => cache.incrVersionSync(key, 1, at);
      assert.throws(change, { name: 'KeyNotFoundError' });
    } else if (operation.call === 'incr')
      assert.equal(cache.incrSync(key, operation.value, at), found.value + operation.value!);
    if (!isThere) return;
    if (operation.call === 'delete') this.#model.remove(name);
    else if (operation.call === 'incr') this.#model.renew(name, { value: found.value + operation.value! });
    else if (operation.call === 'touch') {
      if (operation.ttl! <= 0) this.#model.remove(name);
      else this.#model.renew(name, { expiresAt: this.#model.now + operation.ttl! });
    } else if (operation.call === 'move') {
      const target = VERSIONS.includes(version + operation.value!) ? version + operation.value! : version;
      assert.equal(cache.incrVersionSync(key, target - version, at), target);
      const newName = nameAt(prefix, target, key);
      if (newName !== name) this.#model.remove(newName);
      this.#model.renew(name, { name: newName });
    } else this.#model.renew(name);
  }

  #clear(cache: LocMemCache, prefix: string): void {
    cache.clearSync();
    this.#model.entries = prefix === '' ? [] : this.#model.entries.filter(({ name }) => !name.startsWith(`${prefix}/`));
  }

  #stats(cache: LocMemCache): void {
    this.#model.removeExpired();
    const { entries, bytes } = cache.statsSync();
    assert.equal(entries, this.#model.entries.length);
    assert.equal(bytes, this.#isSized ? this.#model.size : undefined);
    assert.equal(this.#real.clock.time - this.#began, this.#model.now);
  }
}

describe('any sequence of calls', () => {
  for (const [title, options, numRuns] of [
    ['lru', { maxEntries: 6 }, 400],
    ['lru, one entry', { maxEntries: 1 }, 50],
    ['lru, roomy', { maxEntries: 40 }, 100],
    ['lru with cullFrequency 3', { maxEntries: 7, cullFrequency: 3 }, 200],
    ['lru with cullFrequency 0', { maxEntries: 5, cullFrequency: 0 }, 100],
    ['lru with maxSize', { maxEntries: 8, maxSize: 12, sizeOf }, 400],
    ['tinylfu', { maxEntries: 6, policy: 'tinylfu' }, 200],
    ['tinylfu, one entry', { maxEntries: 1, policy: 'tinylfu' }, 50],
    ['tinylfu with maxSize', { maxEntries: 8, policy: 'tinylfu', maxSize: 12, sizeOf }, 200],
  ] as [string, LocMemCacheOptions, number][]) {
    it(`leaves the store as the model says, and whole: ${title}`, () => {
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 120, size: 'max' }), (operations) => {
          const run = new Run(options);
          for (const one of operations) run.step(one);
          run.end();
        }),
        { numRuns },
      );
    });
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LocMemCache } from 'locmem';
import { LruPolicy } from '#dist/locmem/lru.js';
import { checkStore, oldestFirst } from './check-store.js';
import { opened } from './opened.js';

/** A full cache of three, of which `a` is the least recently used. */
function full() {
  const all = opened({ maxEntries: 3 });
  for (const key of ['a', 'b', 'c']) all.cache.setSync(key, 1);
  return all;
}

/** Which of a, b, c goes when one more comes. */
function victimAfter(use: (cache: LocMemCache) => unknown): string {
  const { cache, store, close } = full();
  use(cache);
  cache.setSync('new', 1);
  checkStore(store);
  const gone = ['a', 'b', 'c'].filter((key) => ![...cache.keys()].includes(key));
  close();
  return gone.join();
}

describe("policy: 'lru'", () => {
  for (const [title, use] of Object.entries({
    get: (cache) => cache.getSync('a'),
    'get with options': (cache) => cache.getSync('a', { default: 0 }),
    getMany: (cache) => cache.getManySync(['a']),
    has: (cache) => cache.hasSync('a'),
    getOrSet: (cache) => cache.getOrSetSync('a', 2),
    set: (cache) => cache.setSync('a', 2),
    incr: (cache) => cache.incrSync('a'),
    decr: (cache) => cache.decrSync('a'),
    touch: (cache) => cache.touchSync('a'),
    'a move there and back': (cache) => {
      cache.incrVersionSync('a');
      cache.decrVersionSync('a', 1, { version: 2 });
    },
    'a move to itself': (cache) => cache.incrVersionSync('a', 0),
  } as Record<string, (cache: LocMemCache) => unknown>)) {
    it(`${title} makes an entry the most recent`, () => assert.equal(victimAfter(use), 'b'));
  }

  for (const [title, use] of Object.entries({
    nothing: () => undefined,
    'a failed add': (cache) => cache.addSync('a', 2),
    'a failed incr': (cache) => {
      cache.setSync('a', 'text');
      for (const key of ['b', 'c']) cache.getSync(key);
      assert.throws(() => cache.incrSync('a'));
    },
    'an incr by no number': (cache) => assert.throws(() => cache.incrSync('a', Number.NaN)),
    'a refused set': (cache) => assert.throws(() => cache.setSync('a', () => 1)),
    'stats and keys': (cache) => [cache.statsSync(), ...cache.keys()],
    'a read of another version': (cache) => cache.getSync('a', { version: 2 }),
  } as Record<string, (cache: LocMemCache) => unknown>)) {
    it(`${title} leaves the order as it is`, () => assert.equal(victimAfter(use), 'a'));
  }

  it('a moved entry is recent', () => {
    const { cache, close } = full();
    cache.incrVersionSync('a');
    cache.setSync('new', 1);
    assert.equal(cache.hasSync('a', { version: 2 }), true);
    assert.equal(cache.hasSync('b'), false);
    close();
  });

  it('one entry goes at a time, the least recently used of all versions and prefixes', () => {
    const { cache, store, open, close } = opened({ maxEntries: 3 });
    const p = open({ keyPrefix: 'p' });
    cache.setSync('k', 1);
    cache.setSync('k', 2, { version: 2 });
    p.setSync('k', 3);
    cache.getSync('k');
    cache.setSync('new', 4);
    checkStore(store);
    assert.equal(cache.hasSync('k', { version: 2 }), false);
    assert.equal(p.getSync('k'), 3);
    assert.equal(cache.getSync('k'), 1);
    assert.equal(cache.statsSync().evictions, 1);
    close();
  });

  it('setting an existing key in a full store evicts nothing', () => {
    const { cache, close } = full();
    cache.setSync('b', 2);
    assert.deepStrictEqual([cache.statsSync().entries, cache.statsSync().evictions], [3, 0]);
    close();
  });

  it('an expired entry goes before a live one', () => {
    const { cache, clock, close } = opened({ maxEntries: 3 });
    cache.setSync('a', 1, null);
    cache.setSync('dead', 1, 1000);
    cache.setSync('c', 1, null);
    clock.advance(1000);
    cache.setSync('new', 1);
    assert.deepStrictEqual([...cache.keys()].sort(), ['a', 'c', 'new']);
    assert.deepStrictEqual([cache.statsSync().evictions, cache.statsSync().expirations], [0, 1]);
    close();
  });

  it('an expired entry that goes for want of room is an expiration, not an eviction', () => {
    const { cache, clock, close } = opened({ maxEntries: 100 });
    for (let i = 0; i < 100; i++) cache.setSync(`k${i}`, 1, i === 50 ? 1000 : null);
    for (let i = 0; i < 100; i++) if (i !== 50) cache.getSync(`k${i}`);
    clock.advance(1000);
    cache.setSync('new', 1);
    assert.deepStrictEqual([cache.statsSync().evictions, cache.statsSync().expirations], [0, 1]);
    close();
  });

  it('a store of one entry works', () => {
    const { cache, store, close } = opened({ maxEntries: 1 });
    for (const key of ['a', 'b', 'a', 'c']) {
      cache.setSync(key, key);
      checkStore(store);
      assert.equal(cache.getSync(key), key);
      assert.equal(cache.statsSync().entries, 1);
    }
    close();
  });

  it('grows as it fills, and never beyond maxEntries', () => {
    const { cache, store, close } = opened({ maxEntries: 100, ttl: null });
    assert.ok(store.keys.length < 5, 'nothing is reserved before it is used');
    for (let i = 0; i < 1000; i++) {
      cache.setSync(`k${i}`, i);
      if (i === 40) cache.touchSync('k40', '1h');
      checkStore(store);
    }
    assert.equal(store.keys.length, 101);
    assert.deepStrictEqual(
      [...cache.keys()],
      Array.from({ length: 100 }, (_, i) => `k${900 + i}`),
    );
    assert.equal(cache.statsSync().evictions, 900);
    close();
  });
});

describe('LruPolicy', () => {
  it('keeps the order of use', () => {
    const policy = new LruPolicy();
    policy.reserve(4);
    for (const slot of [1, 2, 3, 4]) policy.insert(slot, 0);
    policy.hit(1);
    policy.hit(1);
    policy.hit(3);
    policy.remove(2);
    assert.deepStrictEqual(oldestFirst(policy), [4, 1, 3]);
    policy.reserve(8);
    policy.insert(8, 0);
    assert.equal(policy.evict(), 4);
    assert.deepStrictEqual(oldestFirst(policy), [1, 3, 8]);
    policy.clear();
    assert.deepStrictEqual(oldestFirst(policy), []);
    policy.insert(5, 0);
    assert.deepStrictEqual(oldestFirst(policy), [5]);
  });
});

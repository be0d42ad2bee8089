import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KeyFunction, LocMemCache, type LocMemCacheOptions } from 'locmem';
import { openStore } from '#dist/locmem/locations.js';
import { readLocMemOptions } from '#dist/locmem/locmem-options.js';
import { checkStore } from './check-store.js';
import { opened } from './opened.js';

const plain: KeyFunction = (key, prefix, version) => `${prefix}:${version}:${key}`;

describe('a key function that changes the cache it works for', () => {
  const writes: Record<string, (cache: LocMemCache) => unknown> = {
    'deletes the key': (cache) => cache.deleteSync('k'),
    'deletes the key at the target': (cache) => cache.deleteSync('k', { version: 2 }),
    'stores the key anew': (cache) => cache.setSync('k', 'anew'),
    'stores at the target': (cache) => cache.setSync('k', 'anew', { version: 2 }),
    'empties the cache': (cache) => cache.clearSync(),
    'fills the cache': (cache) => {
      for (let i = 0; i < 10; i++) cache.setSync(`other${i}`, i);
    },
  };
  const calls: Record<string, (cache: LocMemCache) => unknown> = {
    incrVersion: (cache) => cache.incrVersionSync('k'),
    'decrVersion by 0': (cache) => cache.decrVersionSync('k', 0),
    get: (cache) => cache.getSync('k'),
    set: (cache) => cache.setSync('k', 'set'),
    add: (cache) => cache.addSync('k', 'added'),
    delete: (cache) => cache.deleteSync('k'),
    touch: (cache) => cache.touchSync('k', 5000),
    incr: (cache) => cache.incrSync('k'),
    setMany: (cache) => cache.setManySync({ k: 1, l: 2 }),
    getOrSet: (cache) => cache.getOrSetSync('k', () => 'made'),
  };

  for (const [writing, write] of Object.entries(writes)) {
    it(`and ${writing} leaves the store whole`, () => {
      for (const [name, call] of Object.entries(calls)) {
        // The key function may be called several times by one call: each of them is to be the one that interferes.
        for (let at = 1; at <= 4; at++) {
          let calls = 0;
          let isArmed = false;
          const keyFunction: KeyFunction = (...args) => {
            if (isArmed && ++calls === at) {
              isArmed = false;
              write(cache);
            }
            return plain(...args);
          };
          const { cache, store, close } = opened({ maxEntries: 5, keyFunction });
          cache.setManySync({ k: 1, l: 1 });
          cache.setSync('k', 'two', { version: 2 });
          isArmed = true;
          try {
            call(cache);
          } catch (error) {
            assert.match((error as { code: string }).code, /KEY_NOT_FOUND|INVALID_ARGUMENT/, `${name} ${at}: ${error}`);
          }
          isArmed = false;
          checkStore(store);
          cache.setSync('after', 1);
          assert.equal(cache.getSync('after'), 1);
          checkStore(store);
          close();
        }
      }
    });
  }

  it('and closes it is answered as by an empty or a closed cache', () => {
    for (const [name, call] of Object.entries({
      ...calls,
      has: (cache: LocMemCache) => cache.hasSync('k'),
      getMany: (cache: LocMemCache) => cache.getManySync(['k', 'l']),
      deleteMany: (cache: LocMemCache) => cache.deleteManySync(['k', 'l']),
    })) {
      for (let at = 1; at <= 4; at++) {
        for (const sized of [{}, { maxSize: 1000 }] as LocMemCacheOptions[]) {
          let calls = 0;
          let isArmed = false;
          const cache = new LocMemCache({
            ...sized,
            keyFunction: (...args) => {
              if (isArmed && ++calls === at) cache.closeSync();
              return plain(...args);
            },
          } as LocMemCacheOptions);
          cache.setManySync({ k: 1, l: 1 });
          isArmed = true;
          try {
            const read = call(cache);
            if (at === 1 && name === 'get') assert.equal(read, undefined);
          } catch (error) {
            const { code } = error as { code?: string };
            assert.match(String(code), /ERR_LOCMEM_(CLOSED|KEY_NOT_FOUND)/, `${name} ${at}: ${error}`);
          }
          if (calls >= at) assert.throws(() => cache.getSync('k'), { code: 'ERR_LOCMEM_CLOSED' });
        }
      }
    }
  });
});

describe('a clock that throws', () => {
  const calls: Record<string, (cache: LocMemCache) => unknown> = {
    'set of a new key': (cache) => cache.setSync('new', 1, 500),
    'set of a new key for ever': (cache) => cache.setSync('new', 1, null),
    'set of a key that is there': (cache) => cache.setSync('a', 2, 500),
    'set that is expired at once': (cache) => cache.setSync('a', 2, 0),
    add: (cache) => cache.addSync('new', 1, 500),
    get: (cache) => cache.getSync('a'),
    delete: (cache) => cache.deleteSync('a'),
    touch: (cache) => cache.touchSync('a', 900),
    incr: (cache) => cache.incrSync('a'),
    incrVersion: (cache) => cache.incrVersionSync('a'),
    setMany: (cache) => cache.setManySync({ a: 2, new: 1, more: 1 }),
    getOrSet: (cache) => cache.getOrSetSync('new', () => 1),
    stats: (cache) => cache.statsSync(),
  };

  for (const [title, options] of Object.entries({
    lru: { maxEntries: 3 },
    tinylfu: { maxEntries: 3, policy: 'tinylfu' },
    culling: { maxEntries: 3, cullFrequency: 2 },
    'culling all': { maxEntries: 3, cullFrequency: 0 },
    sized: { maxSize: 3, sizeOf: () => 1 },
  } as Record<string, LocMemCacheOptions>)) {
    it(`leaves the store whole, and later calls work: ${title}`, () => {
      for (const [name, call] of Object.entries(calls)) {
        let isBroken = false;
        let time = 1000;
        const clock = {
          now() {
            if (isBroken) throw new RangeError('no time');
            return time;
          },
        };
        const location = `a clock that throws: ${title}, ${name}`;
        const cache = new LocMemCache({ ...options, location, clock } as LocMemCacheOptions);
        const store = openStore(location, readLocMemOptions(options), clock, false);
        cache.setManySync({ a: 1, b: 1, c: 1 }, 1000);
        isBroken = true;
        try {
          call(cache);
        } catch (error) {
          assert.deepStrictEqual([(error as Error).name, (error as Error).message], ['RangeError', 'no time'], name);
        }
        checkStore(store);
        isBroken = false;
        for (let i = 0; i < 10; i++) cache.setSync(`later${i}`, i, 1000);
        checkStore(store);
        assert.equal(cache.getSync('later9'), 9);
        time += 1000;
        assert.equal(cache.statsSync().entries, 0);
        checkStore(store);
        cache.closeSync();
      }
    });
  }
});

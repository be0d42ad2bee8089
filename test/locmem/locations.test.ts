import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { LocMemCache, type LocMemCacheOptions } from 'locmem';
import { checkStore } from './check-store.js';
import { opened } from './opened.js';

const caches: LocMemCache[] = [];

function open(options: LocMemCacheOptions): LocMemCache {
  const cache = new LocMemCache(options);
  caches.push(cache);
  return cache;
}

afterEach(() => {
  for (const cache of caches.splice(0)) cache.closeSync();
});

describe('locations', () => {
  it('caches at one location share a store, counts included', () => {
    const [one, two] = [open({ location: 'here' }), open({ location: 'here', ttl: '1s', ttlResolution: 0 })];
    one.setSync('k', 1);
    assert.equal(two.getSync('k'), 1);
    two.deleteSync('k');
    assert.equal(one.hasSync('k'), false);
    assert.deepStrictEqual(one.statsSync(), two.statsSync());
  });

  it('different locations never see each other', () => {
    const [here, there] = [open({ location: 'here' }), open({ location: 'Here' })];
    here.setSync('k', 1);
    there.clearSync();
    assert.equal(there.hasSync('k'), false);
    assert.equal(here.getSync('k'), 1);
  });

  it('without a location an instance has a store of its own', () => {
    const [one, two] = [open({}), open({})];
    one.setSync('k', 1);
    assert.equal(two.hasSync('k'), false);
  });

  it('a location may be named like a method of objects', () => {
    for (const location of ['__proto__', 'constructor', 'toString']) {
      open({ location }).setSync('k', location);
      assert.equal(open({ location }).getSync('k'), location);
    }
  });

  for (const [name, [first, second]] of Object.entries({
    maxEntries: [{ maxEntries: 10 }, { maxEntries: 20 }],
    'maxEntries, one the default': [{}, { maxEntries: 299 }],
    cullFrequency: [{ cullFrequency: 3 }, { cullFrequency: 2 }],
    'cullFrequency, one without': [{}, { cullFrequency: 3 }],
    policy: [{ policy: 'lru' }, { policy: 'tinylfu' }],
    maxSize: [{ maxSize: 10 }, { maxSize: 20 }],
    'maxSize, one without': [{ maxSize: 10 }, {}],
    values: [{ values: 'copy' }, { values: 'frozen' }],
  } as Record<string, [LocMemCacheOptions, LocMemCacheOptions]>)) {
    const option = name.split(',')[0]!;
    it(`a second opener with another ${name} is refused, and the first one goes on`, () => {
      const cache = open({ ...first, location: 'here' } as LocMemCacheOptions);
      cache.setSync('k', 1);
      assert.throws(() => open({ ...second, location: 'here' } as LocMemCacheOptions), {
        name: 'InvalidConfigError',
        code: 'ERR_LOCMEM_INVALID_CONFIG',
        message: RegExp(`'here' is open with ${option}`),
      });
      assert.equal(cache.getSync('k'), 1);
      cache.closeSync();
      open({ ...second, location: 'here' } as LocMemCacheOptions);
    });
  }

  it('the same settings in other words are the same', () => {
    open({ location: 'here', maxSize: '1kb', policy: 'lru', maxEntries: 300, values: 'copy' });
    open({ location: 'here', maxSize: 1024 });
  });

  it('another clock is refused', () => {
    open({ location: 'here', clock: { now: () => 0 } });
    assert.throws(() => open({ location: 'here', clock: { now: () => 0 } }), {
      name: 'InvalidConfigError',
      message: /clock/,
    });
  });

  it('what each cache keeps to itself may differ', () => {
    const cache = open({ location: 'here' });
    const other = open({ location: 'here', ttl: 1, version: 2, keyPrefix: 'p', keyFunction: (key) => `p${key}` });
    other.setSync('k', 1, null);
    assert.equal(cache.hasSync('k'), false);
    assert.equal(cache.statsSync().entries, 1);
  });

  it('closing one, even twice, leaves the location to the others', () => {
    const [one, two] = [open({ location: 'here' }), open({ location: 'here' })];
    one.setSync('k', 1);
    one.closeSync();
    one.closeSync();
    one.closeSync();
    assert.equal(two.getSync('k'), 1);
    assert.equal(open({ location: 'here' }).getSync('k'), 1);
  });

  it('is freed when the last one closes: who opens it then finds it empty, its counts too', () => {
    const [one, two] = [open({ location: 'here' }), open({ location: 'here' })];
    one.setSync('k', 1);
    one.closeSync();
    two.closeSync();
    const three = open({ location: 'here' });
    assert.equal(three.hasSync('k'), false);
    assert.deepStrictEqual([three.statsSync().sets, three.statsSync().entries], [0, 0]);
  });

  it('closing the last one empties the store, whoever still holds it', () => {
    for (const policy of ['lru', 'tinylfu'] as const) {
      const { cache, store, open: openHere, close } = opened({ policy });
      const other = openHere({ keyPrefix: 'p' });
      cache.setManySync({ a: { n: 1 }, b: 2 });
      other.setSync('c', 3);
      cache.closeSync();
      other.closeSync();
      assert.equal(store.count, 3, 'the handle itself has it open');
      close();
      assert.equal(store.count, 0);
      assert.ok(store.values.every((value) => value === undefined));
      checkStore(store);
    }
  });

  it('a refused opener does not keep the location open', () => {
    const cache = open({ location: 'here' });
    assert.throws(() => open({ location: 'here', maxEntries: 5 }));
    cache.closeSync();
    open({ location: 'here', maxEntries: 5 });
  });

  it('a bad option opens nothing', () => {
    assert.throws(() => open({ location: 'here', ttl: 'soon' as never }));
    open({ location: 'here', maxEntries: 5 });
  });
});

describe('keys', () => {
  it('are those of the live entries, of one prefix and version', () => {
    let now = 0;
    const options = { location: 'here', clock: { now: () => now } };
    const [cache, p] = [open(options), open({ ...options, keyPrefix: 'p' })];
    cache.setManySync({ a: 1, b: 2 });
    cache.setSync('dead', 1, 1000);
    cache.setSync('other', 1, { version: 2 });
    p.setSync('of p', 1);
    now = 1000;
    assert.deepStrictEqual([...cache.keys()], ['a', 'b']);
    assert.deepStrictEqual([...cache.keys({ version: 2 })], ['other']);
    assert.deepStrictEqual([...cache.keys({ version: 9 })], []);
    assert.deepStrictEqual([...p.keys()], ['of p']);
  });

  it('may be deleted, and others stored, while they are gone through', () => {
    const cache = open({});
    cache.setManySync({ a: 1, b: 2, c: 3 });
    for (const key of cache.keys()) {
      cache.deleteSync(key);
      if (key === 'a') cache.setSync('late', 1);
    }
    assert.deepStrictEqual([...cache.keys()], []);
  });

  it('count neither as hits nor as misses', () => {
    const cache = open({});
    cache.setSync('a', 1);
    assert.equal([...cache.keys()].length, 1);
    assert.deepStrictEqual([cache.statsSync().hits, cache.statsSync().misses], [0, 0]);
  });

  it('are as stored where the cache has a key function', () => {
    const cache = open({ keyPrefix: 'p', keyFunction: (key, prefix, version) => `${prefix}|${version}|${key}` });
    cache.setSync('a', 1);
    assert.deepStrictEqual([...cache.keys()], ['p|1|a']);
  });

  it('of a closed cache are a CacheClosedError', () => {
    const cache = open({});
    cache.closeSync();
    assert.throws(() => [...cache.keys()], { code: 'ERR_LOCMEM_CLOSED' });
  });
});

describe('key functions', () => {
  it('clear with a prefix that they hide empties what this prefix stored', () => {
    const hide = (key: string) => key;
    const [p, q] = [
      open({ location: 'here', keyPrefix: 'p', keyFunction: hide }),
      open({ location: 'here', keyPrefix: 'q', keyFunction: hide }),
    ];
    p.setSync('of p', 1);
    q.setSync('of q', 1);
    p.clearSync();
    assert.equal(p.hasSync('of p'), false);
    assert.equal(q.getSync('of q'), 1);
  });

  it('a delete through another name of the stored key wins over a run, too', async () => {
    const lower = (key: string) => key.toLowerCase();
    const cache = open({ keyFunction: lower });
    let finish: (value: string) => void = () => {};
    const waiting = cache.getOrSet(
      'K',
      () =>
        new Promise<string>((resolve) => {
          finish = resolve;
        }),
    );
    cache.deleteSync('k');
    finish('stale');
    assert.equal(await waiting, 'stale');
    assert.equal(cache.hasSync('k'), false);
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Keyv, type KeyvStoreAdapter } from 'keyv';
import { type Cache, type CacheOptions, type Clock, DummyCache, KeyvCache, LocMemCache, SharedCache } from 'locmem';
import { KeyvStore } from 'locmem/keyv';
import { ManualClock } from '../conformance/manual-clock.js';

const folder = mkdtempSync(join(tmpdir(), 'locmem-keyv-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let places = 0;
/** Opens caches at one new place. */
const PLACES: Record<string, (clock: Clock) => (options?: CacheOptions) => Cache> = {
  LocMemCache(clock) {
    const location = `keyv${++places}`;
    return (options) => new LocMemCache({ ...options, location, clock });
  },
  SharedCache(clock) {
    const location = join(folder, `${++places}.cache`);
    return (options) => new SharedCache({ ...options, location, clock, maxBytes: '4mb' });
  },
  KeyvCache() {
    const keyv = new Keyv();
    return (options) => new KeyvCache(keyv, options);
  },
};

for (const [name, place] of Object.entries(PLACES)) {
  describe(`KeyvStore over ${name}`, () => {
    it('clear removes what is in its namespace, and nothing else', async () => {
      const open = place(new ManualClock());
      const caches = [open(), open({ keyPrefix: 'a' }), open({ version: 2 }), open({ keyPrefix: 'a:1' })];
      const namespaces = ['a', 'ab', 'A', 'a:1', 'ä'];
      const keyvs = caches.flatMap((cache) =>
        namespaces.map((namespace) => new Keyv({ store: new KeyvStore(cache), namespace })),
      );
      for (const keyv of keyvs) for (const key of ['k', '1:k', 'ü']) await keyv.set(key, 'kept');
      for (const cache of caches) await cache.setMany({ a: 'kept', b: 'kept' });

      await keyvs[namespaces.length]!.clear();
      for (const [i, keyv] of keyvs.entries()) {
        // What `a:1` calls its keys begins with `a:`, too.
        const isGone = i === namespaces.length || i === namespaces.length + namespaces.indexOf('a:1');
        const found = await keyv.get(['k', '1:k', 'ü']);
        assert.deepStrictEqual(found, Array(3).fill(isGone ? undefined : 'kept'), `Keyv ${i}`);
      }
      for (const cache of caches) assert.equal((await cache.getMany(['a', 'b'])).size, 2);
      for (const cache of caches) await cache.close();
    });

    it('clear without a namespace empties what the cache has under its prefix', async () => {
      const open = place(new ManualClock());
      await using cache = open({ keyPrefix: 'p' });
      await using neighbour = open();
      const keyv = new Keyv({ store: new KeyvStore(cache), namespace: undefined as never });
      await keyv.set('k', 1);
      await neighbour.set('k', 1);
      await keyv.clear();
      assert.equal(await keyv.get('k'), undefined);
      assert.equal(await neighbour.get('k'), 1);
    });

    it('a namespace in a cache with a key function cannot be cleared, and says so', async () => {
      await using cache = place(new ManualClock())({ keyFunction: (key) => key.toUpperCase() });
      const store = new KeyvStore(cache);
      store.namespace = 'n';
      await store.set('n:k', 1);
      await assert.rejects(store.clear(), { name: 'InvalidConfigError', message: /'n:'.*key function/ });
      assert.equal(await store.get('n:k'), 1);
    });

    it('many at once, and what is not there', async () => {
      await using cache = place(new ManualClock())();
      const store = new KeyvStore(cache);
      const entries = [
        { key: 'a', value: 1 },
        { key: 'b', value: null, ttl: 5000 },
        { key: 'c', value: [3], ttl: 0 },
      ];
      assert.deepStrictEqual(await store.setMany(entries), [true, true, true]);
      assert.deepStrictEqual(await store.getMany(['c', 'none', 'a', 'b', 'c']), [[3], undefined, 1, null, [3]]);
      assert.deepStrictEqual(await store.hasMany(['a', 'none', 'b']), [true, false, true]);
      assert.deepStrictEqual([await store.has('a'), await store.has('none')], [true, false]);
      assert.deepStrictEqual([await store.delete('a'), await store.delete('a')], [true, false]);
      assert.deepStrictEqual([await store.deleteMany(['a', 'b']), await store.deleteMany(['a', 'b'])], [true, false]);
      assert.deepStrictEqual(await store.getMany([]), []);
      assert.deepStrictEqual(await store.setMany([]), []);
    });

    it('is what Keyv takes for an adapter', async () => {
      await using cache = place(new ManualClock())();
      const adapter: KeyvStoreAdapter = new KeyvStore(cache);
      const keyv = new Keyv(adapter);
      assert.deepStrictEqual(await keyv.setMany([{ key: 'a', value: 1 }]), [true]);
      assert.equal(await adapter.has?.('keyv:a'), true);
    });

    it('disconnect closes the cache', async () => {
      const cache = place(new ManualClock())();
      await new Keyv(new KeyvStore(cache)).disconnect();
      await assert.rejects(cache.get('k'), { code: 'ERR_LOCMEM_CLOSED' });
    });
  });
}

for (const name of ['LocMemCache', 'SharedCache']) {
  describe(`ttls of a KeyvStore over ${name}`, () => {
    it('without a ttl, or with 0, an entry is stored for ever; else for so many milliseconds', async () => {
      const clock = new ManualClock();
      await using cache = PLACES[name]!(clock)({ ttl: '1s' });
      const store = new KeyvStore(cache);
      await store.set('ever', 1);
      await store.set('zero', 1, 0);
      await store.set('short', 1, 250);
      await store.setMany([
        { key: 'many', value: 1 },
        { key: 'timed', value: 1, ttl: 250 },
      ]);
      clock.advance(249);
      assert.equal((await store.hasMany(['ever', 'zero', 'short', 'many', 'timed'])).every(Boolean), true);
      clock.advance(1);
      assert.deepStrictEqual(await store.hasMany(['short', 'timed']), [false, false]);
      clock.advance(20 * 365 * 86_400_000);
      assert.deepStrictEqual(await store.hasMany(['ever', 'zero', 'many']), [true, true, true]);
      await assert.rejects(store.set('k', 1, '1s' as never), { name: 'TypeError', message: /'1s'/ });
    });
  });
}

describe('KeyvStore', () => {
  it('takes a cache of this package', () => {
    for (const wrong of [undefined, null, {}, new Map(), new Keyv()] as never[]) {
      assert.throws(() => new KeyvStore(wrong), { name: 'InvalidConfigError', message: /KeyvStore takes a cache/ });
    }
    assert.ok(new KeyvStore(new DummyCache()));
  });

  it('without a serializer Keyv hands values to the cache, which keeps what JSON does not', async () => {
    const keyv = new Keyv({
      store: new KeyvStore(new LocMemCache()),
      serialize: undefined as never,
      deserialize: undefined as never,
    });
    const own = { at: new Date(0), map: new Map([[1, [2n]]]) };
    await keyv.set('k', own);
    own.map.clear();
    const read = await keyv.get<typeof own>('k');
    assert.deepStrictEqual(read, { at: new Date(0), map: new Map([[1, [2n]]]) });
    read!.map.clear();
    assert.equal((await keyv.get<typeof own>('k'))!.map.size, 1);
  });

  it('iterates its namespace where the cache lists its keys', async () => {
    const cache = new LocMemCache();
    const [a, b] = ['a', 'b'].map((namespace) => new Keyv({ store: new KeyvStore(cache), namespace }));
    await a!.set('k', 1);
    await a!.set('l', { two: 2 });
    await b!.set('k', 3);
    const found: unknown[] = [];
    for await (const pair of a!.iterator!(undefined)) found.push(pair);
    assert.deepStrictEqual(found, [
      ['k', 1],
      ['l', { two: 2 }],
    ]);
    assert.equal(new Keyv(new KeyvStore(new DummyCache())).iterator, undefined);
  });

  it('what fails is emitted once by the Keyv, and thrown where it throws', async () => {
    const cache = new LocMemCache();
    const quiet = new Keyv(new KeyvStore(cache));
    const strict = new Keyv(new KeyvStore(cache), { throwOnErrors: true });
    const errors: unknown[] = [];
    for (const keyv of [quiet, strict]) keyv.on('error', (error) => errors.push(error.code));
    await cache.close();
    assert.equal(await quiet.get('k'), undefined);
    assert.equal(await quiet.set('k', 1), false);
    assert.deepStrictEqual(errors, ['ERR_LOCMEM_CLOSED', 'ERR_LOCMEM_CLOSED']);
    await assert.rejects(strict.get('k'), { code: 'ERR_LOCMEM_CLOSED' });
    await assert.rejects(strict.set('k', 1), { code: 'ERR_LOCMEM_CLOSED' });
    assert.equal(errors.length, 4);
    await assert.rejects(new KeyvStore(cache).get('k'), { code: 'ERR_LOCMEM_CLOSED' });
  });
});

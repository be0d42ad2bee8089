import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LocMemCache } from 'locmem';
import { checkStore } from './check-store.js';
import { opened } from './opened.js';

const bySize = { maxSize: 10, sizeOf: (value: unknown) => value as number };

describe('maxSize', () => {
  it('bounds the sum of the sizes: the least recently used go until it fits', () => {
    const { cache, store, close } = opened(bySize);
    cache.setSync('a', 4);
    cache.setSync('b', 4);
    cache.setSync('c', 2);
    assert.equal(cache.statsSync().bytes, 10);
    cache.getSync('a');
    cache.setSync('d', 5);
    checkStore(store);
    assert.deepStrictEqual([...cache.keys()].sort(), ['a', 'd']);
    assert.deepStrictEqual([cache.statsSync().bytes, cache.statsSync().evictions], [9, 2]);
    close();
  });

  it('an entry may fill it alone, and no more', () => {
    const { cache, store, close } = opened(bySize);
    cache.setSync('small', 1);
    cache.setSync('k', 10);
    assert.deepStrictEqual([...cache.keys()], ['k']);
    const tooLarge = { name: 'ValueTooLargeError', code: 'ERR_LOCMEM_VALUE_TOO_LARGE', message: /'k'.*11.*10/ };
    assert.throws(() => cache.setSync('k', 11), tooLarge);
    assert.throws(() => cache.setSync('k', 11, 0), tooLarge);
    assert.equal(cache.getSync('k'), 10);
    assert.throws(() => cache.addSync('other', 11), { name: 'ValueTooLargeError' });
    checkStore(store);
    close();
  });

  it('an entry that grows keeps its place, and others go', () => {
    const { cache, store, close } = opened(bySize);
    cache.setManySync({ a: 3, b: 3, c: 3 });
    cache.setSync('a', 1);
    cache.setSync('a', 6);
    checkStore(store);
    assert.deepStrictEqual([...cache.keys()].sort(), ['a', 'c']);
    assert.equal(cache.statsSync().bytes, 9);
    close();
  });

  it('setMany names the entries that were too large, and stores the others', () => {
    const { cache, close } = opened(bySize);
    cache.setSync('big', 2);
    assert.deepStrictEqual(cache.setManySync({ a: 1, big: 11, b: 2, huge: 99 }), ['big', 'huge']);
    assert.deepStrictEqual(Object.fromEntries(cache.getManySync(['a', 'b', 'big', 'huge'])), { a: 1, b: 2, big: 2 });
    close();
  });

  it('getOrSet gives its callers a value that is too large to keep', async () => {
    const { cache, close } = opened(bySize);
    assert.equal(await cache.getOrSet('k', async () => 11), 11);
    assert.equal(
      cache.getOrSetSync('k', () => 12),
      12,
    );
    assert.equal(cache.hasSync('k'), false);
    close();
  });

  it('sizes of 0 are sizes', () => {
    const { cache, store, close } = opened({ ...bySize, maxEntries: 50 });
    for (let i = 0; i < 100; i++) cache.setSync(`k${i}`, 0);
    checkStore(store);
    assert.deepStrictEqual([cache.statsSync().entries, cache.statsSync().bytes], [50, 0]);
    close();
  });

  it('deleted, expired, moved and cleared entries give back what they took', () => {
    const { cache, store, clock, close } = opened(bySize);
    cache.setSync('a', 2, 1000);
    cache.setSync('b', 3, null);
    cache.setSync('b', 4, { version: 2, ttl: null });
    cache.incrVersionSync('b');
    assert.equal(cache.statsSync().bytes, 5);
    clock.advance(1000);
    assert.equal(cache.statsSync().bytes, 3);
    cache.deleteSync('b', { version: 2 });
    checkStore(store);
    assert.equal(cache.statsSync().bytes, 0);
    cache.setSync('a', 2);
    cache.clearSync();
    assert.equal(cache.statsSync().bytes, 0);
    close();
  });

  it('sizeOf is given the value and the key', () => {
    const calls: unknown[][] = [];
    const sizeOf = (...args: unknown[]) => calls.push(args);
    const { cache, close } = opened({ maxSize: 1000, sizeOf });
    cache.setSync('k', { a: [1] });
    assert.deepStrictEqual(calls, [[{ a: [1] }, 'k']]);
    close();
  });

  it('a size that is none is a TypeError that shows it, and the old entry is untouched', () => {
    for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', undefined, null]) {
      const { cache, store, close } = opened({
        maxSize: 10,
        sizeOf: (value) => (value === 'new' ? (bad as number) : 1),
      });
      cache.setSync('k', 'old');
      assert.throws(() => cache.setSync('k', 'new'), { name: 'TypeError', message: RegExp(`sizeOf.*got .*${bad}`) });
      assert.equal(cache.getSync('k'), 'old');
      checkStore(store);
      close();
    }
  });

  it('what sizeOf throws is thrown, and the old entry is untouched', () => {
    const sizeOf = (value: unknown): number => {
      if (value === 'new') throw new RangeError('no size');
      return 1;
    };
    const { cache, store, close } = opened({ maxSize: 10, sizeOf });
    cache.setSync('k', 'old');
    assert.throws(() => cache.setSync('k', 'new'), RangeError);
    assert.equal(cache.getSync('k'), 'old');
    checkStore(store);
    close();
  });

  it('without sizeOf bounds an estimate of the bytes', () => {
    const cache = new LocMemCache({ maxSize: '1mb', maxEntries: 1_000_000 });
    for (let i = 0; i < 2000; i++) cache.setSync(`k${i}`, 'x'.repeat(1000));
    const { entries, bytes } = cache.statsSync();
    assert.ok(bytes! <= 1_048_576 && bytes! > 1_000_000);
    assert.ok(entries! > 400 && entries! < 1049, `${entries} entries of about 2 kB`);
    for (const big of [Buffer.alloc(2 ** 21), new Array(2 ** 19).fill(0), new Map([['k', 'x'.repeat(2 ** 21)]])]) {
      assert.throws(() => cache.setSync('big', big), { name: 'ValueTooLargeError' });
    }
  });

  it('without maxSize and sizeOf bytes are not known', () => {
    assert.equal(new LocMemCache().statsSync().bytes, undefined);
  });

  it('sizeOf without maxSize measures, and bounds nothing', () => {
    const { cache, store, close } = opened({ sizeOf: () => 1e9 });
    cache.setManySync({ a: 1, b: 2 });
    cache.deleteSync('a');
    checkStore(store);
    assert.equal(cache.statsSync().bytes, 1e9);
    close();
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DummyCache } from 'locmem';

describe('DummyCache', () => {
  it('takes everything and keeps nothing', () => {
    const cache = new DummyCache();
    assert.equal(cache.setSync('k', { a: 1 }), undefined);
    assert.equal(cache.getSync('k'), undefined);
    assert.equal(cache.getSync('k', { default: 5 }), 5);
    assert.equal(cache.addSync('k', 1), true);
    assert.equal(cache.addSync('k', 1), true);
    assert.equal(cache.hasSync('k'), false);
    assert.equal(cache.touchSync('k', '1h'), false);
    assert.equal(cache.deleteSync('k'), false);
    assert.deepStrictEqual(cache.setManySync({ a: 1, b: 2 }), []);
    assert.deepStrictEqual(cache.getManySync(['a', 'b']), new Map());
    assert.equal(cache.deleteManySync(['a', 'b']), 0);
    assert.equal(cache.clearSync(), undefined);
  });

  it('has no counter and no version to change', () => {
    const cache = new DummyCache();
    cache.setSync('n', 1);
    const missing = { name: 'KeyNotFoundError', code: 'ERR_LOCMEM_KEY_NOT_FOUND' };
    assert.throws(() => cache.incrSync('n'), missing);
    assert.throws(() => cache.decrSync('n'), missing);
    assert.throws(() => cache.incrVersionSync('n'), missing);
    assert.throws(() => cache.decrVersionSync('n'), missing);
  });

  it('refuses what other caches refuse', () => {
    const cache = new DummyCache();
    assert.throws(() => cache.setSync('k', () => 1), { name: 'UncacheableValueError' });
    assert.throws(() => cache.setSync('k', { deep: [Symbol('s')] }), { name: 'UncacheableValueError' });
    assert.throws(() => cache.setSync('k', undefined), TypeError);
    assert.throws(() => cache.setManySync({ a: 1, b: () => 1 }), { name: 'UncacheableValueError' });
    assert.throws(() => cache.setSync('k', 1, 'soon' as never), TypeError);
    assert.throws(() => new DummyCache({ location: 'here' } as never), { name: 'InvalidConfigError' });
  });

  it('refuses what a key function makes that is no key, as other caches do', () => {
    for (const bad of [null, undefined, 5, '']) {
      const cache = new DummyCache({ keyFunction: () => bad as string });
      const wrong = { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT', message: /keyFunction returns a string/ };
      assert.throws(() => cache.getSync('k'), wrong);
      assert.throws(() => cache.setSync('k', 1), wrong);
      assert.throws(() => cache.addSync('k', 1), wrong);
      assert.throws(() => cache.setManySync({ k: 1 }), wrong);
      assert.throws(() => cache.hasSync('k'), wrong);
      assert.throws(() => cache.deleteSync('k'), wrong);
      assert.throws(() => cache.incrSync('k'), wrong);
    }
  });

  it('loads anew each time', async () => {
    const cache = new DummyCache();
    let runs = 0;
    const count = cache.wrap(() => ++runs, { key: 'k' });
    assert.deepStrictEqual([await count(), await count()], [1, 2]);
    assert.equal(
      cache.getOrSetSync('k', () => ++runs),
      3,
    );
    assert.equal(await cache.getOrSet('k', 'a value'), 'a value');
  });

  it('gives the callers of a run a value of their own each', async () => {
    const cache = new DummyCache();
    const made = { list: [1] };
    const [one, two] = await Promise.all([
      cache.getOrSet('k', async () => made),
      cache.getOrSet('k', async () => made),
    ]);
    assert.deepStrictEqual([one, two], [made, made]);
    assert.equal(new Set([one, two, made]).size, 3);
  });

  it('counts misses, and has no entries', () => {
    const cache = new DummyCache();
    cache.setSync('k', 1);
    cache.getSync('k');
    cache.getManySync(['a', 'b']);
    const { hits, misses, entries } = cache.statsSync();
    assert.deepStrictEqual({ hits, misses, entries }, { hits: 0, misses: 3, entries: 0 });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as locmem from 'locmem';

describe('the package', () => {
  it('exports these names, and no other', () => {
    assert.deepStrictEqual(Object.keys(locmem).sort(), [
      'CacheClosedError',
      'CacheError',
      'CacheUnavailableError',
      'DummyCache',
      'InvalidConfigError',
      'InvalidKeyError',
      'KeyNotFoundError',
      'KeyvCache',
      'LoadTimeoutError',
      'LocMemCache',
      'MemcachedCache',
      'NoSpaceError',
      'RecursiveLoadError',
      'RedisCache',
      'SegmentError',
      'SharedCache',
      'TieredCache',
      'UncacheableValueError',
      'ValueTooLargeError',
      'cache',
      'cached',
      'caches',
      'configureCaches',
      'createCaches',
    ]);
  });

  it('keeps its inside to itself', async () => {
    const inside = 'locmem/dist/locmem/store.js';
    await assert.rejects(import(inside), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
  });

  it('a cache has the methods of the contract, and beside them only keys()', () => {
    const shared = [
      'get',
      'set',
      'add',
      'getOrSet',
      'getMany',
      'getOrSetMany',
      'setMany',
      'has',
      'delete',
      'deleteMany',
      'touch',
      'incr',
    ];
    const twins = [
      ...shared,
      'decr',
      'incrVersion',
      'decrVersion',
      'clear',
      'deleteTag',
      'deleteTags',
      'stats',
      'close',
    ];
    const contract = [...twins, ...twins.map((name) => `${name}Sync`), 'wrap'];
    for (const cache of [new locmem.LocMemCache(), new locmem.DummyCache()]) {
      const methods = cache as unknown as Record<string | symbol, unknown>;
      for (const name of contract) assert.equal(typeof methods[name], 'function', name);
      assert.equal(typeof methods[Symbol.asyncDispose], 'function');
    }
  });
});

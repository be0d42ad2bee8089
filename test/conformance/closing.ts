import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cache } from 'locmem';
import { type Subject, spec } from './subject.js';

const CALLS: Record<string, (cache: Cache) => Promise<unknown>> = {
  get: (cache) => cache.get('k'),
  'get with options': (cache) => cache.get('k', { default: 1 }),
  set: (cache) => cache.set('k', 1),
  'set with a ttl of 0': (cache) => cache.set('k', 1, 0),
  add: (cache) => cache.add('k', 1),
  getOrSet: (cache) => cache.getOrSet('k', () => 1),
  'getOrSet of a value': (cache) => cache.getOrSet('k', 1),
  getMany: (cache) => cache.getMany(['k']),
  'getMany of nothing': (cache) => cache.getMany([]),
  setMany: (cache) => cache.setMany({ k: 1 }),
  'setMany of nothing': (cache) => cache.setMany({}),
  has: (cache) => cache.has('k'),
  delete: (cache) => cache.delete('k'),
  deleteMany: (cache) => cache.deleteMany(['k']),
  'deleteMany of nothing': (cache) => cache.deleteMany([]),
  touch: (cache) => cache.touch('k'),
  incr: (cache) => cache.incr('k'),
  decr: (cache) => cache.decr('k'),
  incrVersion: (cache) => cache.incrVersion('k'),
  decrVersion: (cache) => cache.decrVersion('k'),
  clear: (cache) => cache.clear(),
  stats: (cache) => cache.stats(),
  'a wrapped function': (cache) => cache.wrap(() => 1, { key: 'k' })(),
};

export function closing(subject: Subject): void {
  describe('closing', () => {
    for (const [name, call] of Object.entries(CALLS)) {
      spec(subject, `${name} on a closed cache is a CacheClosedError`, async ({ cache }) => {
        await cache.set('k', 1);
        await cache.close();
        await assert.rejects(call(cache), { name: 'CacheClosedError', code: 'ERR_LOCMEM_CLOSED', message: /closed/ });
      });
    }

    spec(subject, 'close resolves to undefined, and is safe twice', async ({ cache }) => {
      assert.equal(await cache.close(), undefined);
      assert.equal(await cache.close(), undefined);
      await cache[Symbol.asyncDispose]();
    });

    it('await using closes the cache', async () => {
      const place = await subject.place();
      let escaped: Cache;
      {
        await using cache = await place.open();
        escaped = cache;
      }
      await assert.rejects(escaped.get('k'), { code: 'ERR_LOCMEM_CLOSED' });
      await place.close();
    });

    spec(subject, 'a factory does not run on a closed cache', async ({ cache }) => {
      let runs = 0;
      await cache.close();
      await assert.rejects(
        cache.getOrSet('k', () => ++runs),
        { code: 'ERR_LOCMEM_CLOSED' },
      );
      assert.equal(runs, 0);
    });

    if (subject.capabilities.stores) {
      spec(subject, 'close, twice too, does not disturb another cache at the same place', async ({ cache, place }) => {
        const other = await place.open();
        const third = await place.open({ keyPrefix: 'p' });
        await cache.set('k', 'v');
        await third.set('k', 'p');
        await cache.close();
        await cache.close();
        assert.equal(await other.get('k'), 'v');
        await other.set('k', 'w');
        await other.close();
        assert.equal(await third.get('k'), 'p');
        assert.equal(await (await place.open()).get('k'), 'w');
      });
    }
  });
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import Keyv from 'keyv';
import {
  CacheClosedError,
  KeyvCache,
  LocMemCache,
  type LocMemCacheOptions,
  MemcachedCache,
  RedisCache,
  type RedisCacheOptions,
  SharedCache,
  type SharedCacheOptions,
  TieredCache,
  ValueTooLargeError,
} from 'locmem';
import { ManualClock } from '../conformance/manual-clock.js';
import { once, PATIENCE } from '../conformance/redis-place.js';
import { MemcachedServer } from '../servers/memcached-server.js';
import { needs } from '../servers/needs.js';
import { until } from '../servers/until.js';
import { redisTiers } from './redis-tiers.js';

const LIMIT = { timeout: 60_000 };
let locations = 0;
const folder = mkdtempSync(join(tmpdir(), 'locmem-tiers-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const location = () => join(folder, `${locations++}.cache`);

needs('redis-server', () => {
  const { prefix, open, server } = redisTiers();

  describe('tiers on Redis', LIMIT, () => {
    it('answer getMany in the order asked, whichever tier has what, and count what they did', async () => {
      const { cache, l1, l2 } = await open({ far: { keyPrefix: prefix() } });
      await cache.setMany({ a: 1, b: 2, c: 3, d: 4 });
      l1.deleteManySync(['a', 'c']);
      await cache.delete('d');
      const found = await cache.getMany(['d', 'c', 'b', 'a', 'none']);
      assert.deepEqual(
        [...found],
        [
          ['c', 3],
          ['b', 2],
          ['a', 1],
        ],
      );
      assert.equal(l1.getSync('c'), 3);
      await cache.get('a');
      await cache.get('none');
      await cache.getOrSet('a', () => 0);
      const { hits, misses, sets, deletes, errors } = await cache.stats();
      assert.deepEqual({ hits, misses, sets, deletes, errors }, { hits: 5, misses: 3, sets: 4, deletes: 1, errors: 0 });
      assert.equal((await l2.stats()).hits, 0);
      await cache.close();
    });

    it('copy with the time that is left, and never for longer', async () => {
      const clock = new ManualClock();
      const far = { keyPrefix: prefix() };
      const { cache, l1, l2 } = await open({ near: { clock }, far });
      /** What l2 was given is told, too, and may overrule a read. */
      const copied = (value: number) =>
        until(`l1 has ${value}`, async () => (await cache.get('k')) === value && l1.getSync('k') === value);
      await l2.set('k', 1, 50_000);
      await copied(1);
      clock.advance(50_000);
      assert.equal(l1.getSync('k'), undefined);
      // In l1 it has expired before: l2 still has it, and that it was touched.
      assert.equal(await cache.get('k'), 1);
      assert.equal(await cache.touch('k', 90_000), true);
      assert.equal(await cache.get('k'), 1);
      clock.advance(80_000);
      assert.equal(l1.getSync('k'), 1);
      assert.equal(await cache.incr('k'), 2);
      assert.equal(await cache.get('k'), 2);
      clock.advance(90_000);
      assert.equal(l1.getSync('k'), undefined, 'incr keeps the expiry');
      await l2.set('k', 5, Number.POSITIVE_INFINITY);
      await copied(5);
      clock.advance(1e12);
      assert.equal(l1.getSync('k'), 5);
      // What has gone in l2 by its ttl goes in l1 by the same.
      await cache.set('short', 1, 1);
      await until('l2 has it no more', async () => !(await l2.has('short')));
      clock.advance(1);
      assert.equal(await cache.get('short'), undefined);
      assert.equal(await cache.add('short', 2), true);
      assert.equal(l1.getSync('short'), 2);
      assert.equal(await cache.add('short', 3), false);
      assert.equal(await cache.get('short'), 2);
      await cache.close();
    });

    it('keep copies no longer than l1Ttl, where one is given', async () => {
      const clock = new ManualClock();
      const { cache, l1 } = await open({ near: { clock }, far: { keyPrefix: prefix() }, tiered: { l1Ttl: '2s' } });
      await cache.set('k', 1, 60_000);
      clock.advance(1000);
      assert.equal(l1.getSync('k'), 1);
      clock.advance(1000);
      assert.equal(l1.getSync('k'), undefined);
      assert.equal(await cache.get('k'), 1);
      await cache.close();
    });

    it('do not read what an earlier run has left in a SharedCache before changes are told', async () => {
      const { url } = await server();
      const far: RedisCacheOptions = { url, keyPrefix: prefix(), commandTimeout: PATIENCE };
      const near: SharedCacheOptions = { location: location(), keyPrefix: far.keyPrefix! };
      const earlier = new SharedCache(near);
      const keys = Array.from({ length: 500 }, (_, i) => `k${i}`);
      earlier.setManySync(
        keys.map((key) => [key, 'of long ago'] as const),
        Number.POSITIVE_INFINITY,
      );
      const cache = new TieredCache({ l1: new SharedCache(near), l2: new RedisCache(far) });
      const first = [
        cache.get('k1'),
        cache.has('k2'),
        cache.getMany(keys),
        cache.getOrSet('k3', () => 'made'),
        cache.wrap(() => 'made', { key: 'k4' })(),
      ];
      assert.deepEqual(await Promise.all(first), [undefined, false, new Map(), 'made', 'made']);
      assert.equal(earlier.getSync('k5'), undefined);
      await cache.close();
      earlier.closeSync();
    });

    it('keep what is too large for l1 in l2 alone, and no older copy in l1', async () => {
      const { url } = await server();
      const far: RedisCacheOptions = { url, keyPrefix: prefix(), commandTimeout: PATIENCE };
      const l1 = new SharedCache({ location: location(), keyPrefix: far.keyPrefix!, maxBytes: '1mb' });
      const cache = new TieredCache({ l1, l2: new RedisCache(far) });
      await cache.has('k');
      await cache.set('k', 'small');
      assert.equal(l1.getSync('k'), 'small');
      const large = Buffer.alloc(4_000_000, 1);
      await cache.set('k', large);
      assert.equal(l1.getSync('k'), undefined);
      assert.deepEqual(Buffer.from((await cache.get<Buffer>('k'))!), large);
      assert.deepEqual(await cache.setMany({ k: large, j: 1 }), []);
      assert.equal((await cache.getMany(['j', 'k'])).size, 2);
      assert.equal(l1.getSync('j'), 1);
      await cache.close();
    });

    it('answer what is under way when they are closed', async () => {
      const calls: Record<string, (cache: TieredCache) => Promise<unknown>> = {
        get: (cache) => cache.get('k'),
        getMany: (cache) => cache.getMany(['k', 'j']),
        has: (cache) => cache.has('k'),
        set: (cache) => cache.set('k', 2),
        setMany: (cache) => cache.setMany({ k: 2, j: 3 }),
        add: (cache) => cache.add('j', 2),
        getOrSet: (cache) => cache.getOrSet('j', () => 2),
        delete: (cache) => cache.delete('k'),
        deleteMany: (cache) => cache.deleteMany(['k']),
        touch: (cache) => cache.touch('k', 60_000),
        incr: (cache) => cache.incr('k'),
        incrVersion: (cache) => cache.incrVersion('k'),
      };
      for (const [name, call] of Object.entries(calls)) {
        const near: LocMemCacheOptions = { location: location() };
        const { cache } = await open({ near, far: { keyPrefix: prefix() } });
        const beside = new LocMemCache(near);
        await cache.set('k', 1);
        const answered = call(cache);
        await Promise.all([assert.doesNotReject(answered, name), cache.close()]);
        await assert.rejects(call(cache), CacheClosedError);
        assert.equal(beside.statsSync().entries, 0, `${name} leaves nothing to who shares l1`);
        beside.closeSync();
        await cache.close();
      }
    });

    it('lose neither the process nor the connection where l1 is closed before them', async () => {
      const { cache, l1, l2 } = await open({ far: { keyPrefix: prefix() } });
      await cache.set('k', 1);
      l1.closeSync();
      await l2.set('k', 2);
      await l2.clear();
      assert.equal(await cache.delete('k'), false);
      await cache.clear();
      await assert.rejects(cache.get('k'), CacheClosedError);
      await cache.close();
    });

    it('delete what l2 has: a copy of what another has deleted is none', async () => {
      const { cache, l1, l2 } = await open({ far: { keyPrefix: prefix() } });
      l1.setSync('k', 'not told yet');
      assert.equal(await cache.delete('k'), false);
      assert.equal(l1.getSync('k'), undefined);
      await l2.set('k', 1);
      assert.equal(await cache.delete('k'), true);
      await cache.close();
    });
  });
});

/** Tiers on a server that tells nothing: what others wrote is seen when the copy has had its time. */
async function assertGoesAfterSecond(open: () => MemcachedCache | KeyvCache): Promise<void> {
  for (const [l1Ttl, lasts] of [
    [undefined, 1000],
    ['5s', 5000],
  ] as const) {
    const clock = new ManualClock();
    const l1 = new LocMemCache({ clock });
    const cache = new TieredCache({ l1, l2: open(), ...(l1Ttl !== undefined && { l1Ttl }) });
    const other = open();
    await Promise.all([cache.has('k'), other.has('k')]);
    for (const ttl of [60_000, Number.POSITIVE_INFINITY]) {
      for (const isRead of [false, true]) {
        await cache.set('k', 'old', ttl);
        if (isRead) {
          l1.clearSync();
          await cache.get('k');
        }
        await other.set('k', 'new');
        clock.advance(lasts / 2);
        assert.equal(await cache.get('k'), 'old');
        clock.advance(lasts / 2);
        assert.equal(l1.getSync('k'), undefined);
        assert.equal(await cache.get('k'), 'new');
      }
    }
    await Promise.all([cache.close(), other.close()]);
  }
}

describe('tiers on a Keyv', LIMIT, () => {
  it('keep copies for l1Ttl, a second where none is given', async () => {
    const store = new Map();
    await assertGoesAfterSecond(() => new KeyvCache(new Keyv({ store })));
  });
});

needs('memcached', () => {
  const started = once(() => MemcachedServer.start());

  describe('tiers on memcached', LIMIT, () => {
    it('keep copies for l1Ttl, a second where none is given', async () => {
      const { url } = await started();
      await assertGoesAfterSecond(() => new MemcachedCache({ url, commandTimeout: PATIENCE }));
    });

    it('answer from l1 what it has, where l2 is down and failOpen allows it', async () => {
      const l2 = await MemcachedServer.start();
      const cache = new TieredCache({
        l1: new LocMemCache(),
        l2: new MemcachedCache({ url: l2.url, commandTimeout: PATIENCE }),
        l1Ttl: '1h',
        failOpen: true,
      });
      await cache.setMany({ a: 1, b: 2 });
      await l2.kill('SIGKILL');
      assert.deepEqual(
        [...(await cache.getMany(['none', 'b', 'a']))],
        [
          ['b', 2],
          ['a', 1],
        ],
      );
      assert.deepEqual(await cache.setMany({ a: 3 }), ['a']);
      assert.equal(await cache.get('a'), undefined, 'of what could not be written there is no copy');
      assert.equal(await cache.get('b'), 2);
      assert.equal((await cache.stats()).errors, 3);
      await cache.close();
      await l2.stop();
    });

    it('keep no copy of what l2 does not take', async () => {
      const { url } = await started();
      const l1 = new LocMemCache();
      const cache = new TieredCache({ l1, l2: new MemcachedCache({ url, commandTimeout: PATIENCE }) });
      await cache.set('k', 'old');
      const large = Buffer.from(Array.from({ length: 2_000_000 }, (_, i) => (i * 7919) % 251));
      await assert.rejects(cache.set('k', large), ValueTooLargeError);
      assert.equal(l1.getSync('k'), undefined);
      assert.deepEqual(await cache.setMany({ k: large, j: 1 }), ['k']);
      assert.equal(l1.getSync('k'), undefined);
      assert.equal(l1.getSync('j'), 1);
      await cache.close();
    });
  });
});

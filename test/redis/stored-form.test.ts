import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { LocMemCache, RedisCache, TieredCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';

needs('redis-server', () => {
  describe('what is in Redis', () => {
    let server: RedisServer;
    let cache: RedisCache;
    before(async () => {
      server = await RedisServer.start();
      cache = new RedisCache({ url: server.url, keyPrefix: 'p', commandTimeout: '20s' });
    });
    after(async () => {
      await cache.close();
      await server.stop();
    });
    beforeEach(async () => {
      await server.command('FLUSHALL');
    });

    it('counts on, whoever stored the number, and others count on ours', async () => {
      await server.command('SET', 'p:1:n', '1');
      assert.equal(await cache.get('n'), 1);
      assert.equal(await cache.incr('n'), 2);
      assert.equal(await server.command('INCR', 'p:1:n'), 3);
      assert.equal(await cache.incr('n', 0.5), 3.5);
      assert.equal(await server.command('INCRBYFLOAT', 'p:1:n', '0.5'), '4');
      assert.equal(await cache.decr('n', 4), 0);
      // As far as numbers count one by one, they are written as INCR reads them.
      for (const number of [1e15 - 1, 1e15, 2 ** 53 - 2, -(2 ** 53) + 1]) {
        await cache.set('n', number);
        assert.equal(await cache.incr('n'), number + 1);
        assert.equal(await server.command('INCR', 'p:1:n'), number + 2);
      }
    });

    it('counts as JavaScript does', async () => {
      for (const [from, delta] of [
        [0.1, 0.2],
        [1e300, 1e300],
        [5e-324, 5e-324],
        [1.7976931348623157e308, 1.7976931348623157e308],
        [123456789.123, -0.000000001],
        [2 ** 53, 2],
        [1e21, 1],
        [-1e21, 1e-7],
        [Number.POSITIVE_INFINITY, -1],
      ] as const) {
        await cache.set('n', from);
        assert.equal(await cache.incr('n', delta), from + delta);
        assert.equal(await cache.get('n'), from + delta);
        assert.equal(await cache.incr('n', delta), from + delta + delta);
      }
    });

    it('may be another program’s: a miss, or what it means, never an error', async () => {
      const foreign: [stored: string, value: unknown][] = [
        ['plain text', undefined],
        ['', undefined],
        ['{"a": [1, null]}', { a: [1, null] }],
        ['"text"', 'text'],
        ['{"a":', undefined],
        ['0x10', undefined],
        ['1_000', undefined],
        ['+1', undefined],
        ['007', 7],
        ['\u0080\u0004\u0095\u0005\u0000', undefined],
        ['\u0001', undefined],
        ['\u0002\u0002', undefined],
        ['\u0007not gzip', undefined],
        [`${'['.repeat(100_000)}`, undefined],
      ];
      for (const [i, [stored, value]] of foreign.entries()) {
        await server.command('SET', `p:1:k${i}`, stored);
        assert.deepStrictEqual(await cache.get(`k${i}`), value, JSON.stringify(stored.slice(0, 20)));
        assert.equal((await cache.getMany([`k${i}`])).size, value === undefined ? 0 : 1);
        if (typeof value !== 'number') await assert.rejects(cache.incr(`k${i}`), TypeError);
        assert.equal(await cache.add(`k${i}`, 1), false);
        await cache.set(`k${i}`, 'ours');
        assert.equal(await cache.get(`k${i}`), 'ours');
      }
    });

    it('may be no string at all', async () => {
      await server.command('RPUSH', 'p:1:list', 'a', 'b');
      assert.equal(await cache.get('list'), undefined);
      assert.equal((await cache.getMany(['list'])).size, 0);
      assert.equal(await cache.has('list'), true);
      await assert.rejects(cache.incr('list'), TypeError);
      assert.equal(await cache.add('list', 1), false);
      assert.equal(await cache.touch('list', '1h'), true);
      assert.equal(await cache.incrVersion('list'), 2);
      assert.equal(await cache.decrVersion('list', 1, { version: 2 }), 1);
      assert.equal(await cache.getOrSet('list', () => 'loaded'), 'loaded');
      assert.equal(await cache.get('list'), 'loaded');
      await server.command('HSET', 'p:1:hash', 'a', 'b');
      const tiered = new TieredCache({
        l1: new LocMemCache(),
        l2: new RedisCache({ url: server.url, keyPrefix: 'p', commandTimeout: '20s' }),
      });
      await tiered.set('k', 1);
      await server.command('SET', 'p:1:k', '2');
      assert.equal(await tiered.get('hash'), undefined);
      assert.deepStrictEqual([...(await tiered.getMany(['hash', 'absent']))], []);
      await tiered.close();
      await cache.set('hash', 1);
      assert.equal(await cache.delete('hash'), true);
    });

    it('lives as long as it was told, from fractions of a millisecond to for ever', async () => {
      const left = async () => Number(await server.command('PTTL', 'p:1:k'));
      for (const ttl of [0.001, 0.5, 1]) {
        await cache.set('k', 1, ttl);
        while (await cache.has('k'));
        assert.equal(await cache.add('k', 1, ttl), true);
        while (await cache.has('k'));
      }
      await cache.set('k', 1, 10_000.7);
      assert.ok((await left()) > 5000);
      for (const ttl of [2 ** 53, 2 ** 60, 1e300, Number.POSITIVE_INFINITY, null]) {
        for (const store of [
          () => cache.set('k', 1, ttl),
          () => cache.touch('k', ttl),
          () => cache.setMany({ k: 1 }, ttl),
          () => cache.delete('k').then(() => cache.add('k', 1, ttl)),
        ]) {
          await cache.set('k', 1, '1m');
          await store();
          assert.equal(await left(), -1, String(ttl));
        }
      }
      await cache.set('k', 1, 2 ** 52);
      assert.ok((await left()) > 2 ** 51);
      assert.equal(await cache.touch('k', 2 ** 52), true);
      assert.equal(await cache.incrVersion('k'), 2);
      assert.ok(Number(await server.command('PTTL', 'p:2:k')) > 2 ** 51);
    });

    it('has keys of all characters, and values of megabytes', async () => {
      const large = { text: 'ä'.repeat(5_000_000), bytes: Buffer.alloc(5_000_000, 7) };
      const keys = [
        'with space',
        'new\nline',
        'cr\r\nlf',
        '🦊'.repeat(20),
        '\u0000',
        '{tag}',
        'x'.repeat(5000),
        '*?[a]\\',
      ];
      await cache.setMany(new Map(keys.map((key) => [key, key])));
      assert.deepStrictEqual([...(await cache.getMany(keys)).values()], keys);
      for (const key of keys) assert.equal(await cache.get(key), key);
      assert.equal(await server.command('GET', 'p:1:*?[a]\\'), '\u0003*?[a]\\');
      assert.equal(await cache.deleteMany(keys), keys.length);
      await cache.set('large', large);
      assert.deepStrictEqual(await cache.get('large'), large);
      assert.equal((await cache.getMany(['large', 'absent'])).size, 1);
    });
  });
});

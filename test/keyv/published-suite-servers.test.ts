import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Keyv } from 'keyv';
import { LocMemCache, MemcachedCache, RedisCache, TieredCache } from 'locmem';
import { KeyvStore } from 'locmem/keyv';
import { MemcachedServer } from '../servers/memcached-server.js';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { publishedSuite } from './published-suite.js';

needs('redis-server', () => {
  describe('over Redis', () => {
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());
    const open = (keyPrefix: string) => new RedisCache({ url: server.url, keyPrefix, commandTimeout: '1m' });
    publishedSuite('RedisCache', () => open(''));
    publishedSuite('RedisCache with a prefix', () => open('a*p'));
    publishedSuite('TieredCache', () => new TieredCache({ l1: new LocMemCache(), l2: open('tiers') }));
  });
});

needs('memcached', () => {
  describe('KeyvStore over MemcachedCache', () => {
    it('stores, reads, and empties one namespace, or all', async () => {
      const server = await MemcachedServer.start();
      try {
        await using cache = new MemcachedCache({ url: server.url, commandTimeout: '1m' });
        const keyv = new Keyv(new KeyvStore(cache), { throwOnErrors: true });
        const other = new Keyv(new KeyvStore(cache), { throwOnErrors: true, namespace: 'other' });
        await keyv.set('k', { a: 1 });
        await other.set('k', 2);
        assert.deepStrictEqual(await keyv.get('k'), { a: 1 });
        await other.clear();
        assert.equal(await other.has('k'), false);
        assert.equal(await keyv.has('k'), true);
        const whole = new Keyv({ store: new KeyvStore(cache), namespace: undefined as never });
        await whole.clear();
        assert.equal(await keyv.has('k'), false);
      } finally {
        await server.stop();
      }
    });
  });
});

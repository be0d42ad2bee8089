import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RedisCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';

/** More than calls may wait at once. */
const MANY = 120_000;

needs('redis-server', () => {
  describe('more entries than calls may wait', () => {
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());

    it('are written, read and removed in one call each', async () => {
      await using cache = new RedisCache({ url: server.url, keyPrefix: 'many', commandTimeout: '1m' });
      const entries = new Map(Array.from({ length: MANY }, (_, i) => [`k${i}`, i]));
      assert.deepStrictEqual(await cache.setMany(entries), []);
      assert.equal((await cache.getMany(entries.keys())).size, MANY);
      assert.equal(await cache.deleteMany(entries.keys()), MANY);
      assert.equal(await server.command('DBSIZE'), 0);
    });
  });
});

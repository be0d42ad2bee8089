import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CacheUnavailableError, RedisCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';
import { codesOf, ended, settle } from './settle.js';
import { hearsAllRejections } from './unhandled.js';

const UNAVAILABLE = 'ERR_LOCMEM_UNAVAILABLE';

/** One of each call of a cache that asks the server. */
function everyCall(cache: RedisCache, i: number): Promise<unknown>[] {
  return [
    cache.get(`k${i}`),
    cache.set(`k${i}`, { i }),
    cache.add(`new${i}`, i),
    cache.getMany([`k${i}`, 'other']),
    cache.setMany({ [`m${i}`]: i, other: i }),
    cache.has(`k${i}`),
    cache.delete(`k${i}`),
    cache.deleteMany([`m${i}`, 'other']),
    cache.touch(`k${i}`, '1m'),
    cache.incr('counter'),
    cache.incrVersion(`m${i}`),
    cache.getOrSet(`loaded${i}`, () => i),
    cache.clear(),
  ];
}

needs('redis-server', () => {
  describe('a server that is down when the cache is made', () => {
    hearsAllRejections();
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
      await server.kill('SIGKILL');
    });
    after(() => server.stop());

    it('rejects every call, saying what is wrong and what to do, and is used as soon as it is up', async () => {
      await using cache = new RedisCache({ url: server.url, commandTimeout: 200 });
      await assert.rejects(ended(cache.get('k')), (error) => {
        assert.ok(error instanceof CacheUnavailableError);
        assert.equal(error.code, UNAVAILABLE);
        assert.match(error.message, /ECONNREFUSED/);
        assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${server.port}`));
        assert.match(error.message, /running/);
        assert.equal((error.cause as { code?: string }).code, 'ECONNREFUSED');
        return true;
      });
      const outcomes = await settle(everyCall(cache, 1));
      assert.equal(outcomes.filter((outcome) => 'error' in outcome).length, outcomes.length);
      assert.deepStrictEqual(codesOf(outcomes), [UNAVAILABLE]);
      assert.equal((await cache.stats()).errors, outcomes.length + 1);
      await server.restart();
      await until('the cache is used', async () => (await cache.set('k', 'v')) === undefined);
      assert.equal(await cache.get('k'), 'v');
    });
  });

  describe('a server that is killed under load', () => {
    hearsAllRejections();
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());

    it('costs the calls under way, each of which ends, and no others once it is back', async () => {
      await using cache = new RedisCache({ url: server.url, commandTimeout: 500, keyPrefix: 'load' });
      await cache.set('counter', 0);
      for (let round = 0; round < 3; round++) {
        const calls = (from: number) => Array.from({ length: 50 }, (_, i) => everyCall(cache, from + i)).flat();
        const before = settle(calls(0));
        const killed = server.kill('SIGKILL');
        const meanwhile = settle(calls(50));
        await killed;
        const outcomes = (await Promise.all([before, meanwhile, settle(calls(100))])).flat();
        const codes = codesOf(outcomes).filter((code) => code !== 'ERR_LOCMEM_KEY_NOT_FOUND');
        assert.deepStrictEqual(codes, [UNAVAILABLE]);
        await server.restart();
        await until('the cache is used', async () => (await cache.set('counter', 0)) === undefined);
        assert.deepStrictEqual(codesOf(await settle([cache.set('k', 1), cache.get('k'), cache.incr('counter')])), []);
      }
    });
  });
});

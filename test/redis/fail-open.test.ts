import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KeyNotFoundError, RedisCache, UncacheableValueError } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';
import { ended } from './settle.js';
import { hearsAllRejections } from './unhandled.js';

needs('redis-server', () => {
  describe('failOpen', () => {
    hearsAllRejections();
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());

    /** What each call answers, and that it counts one error. */
    async function answersAsIfEmpty(cache: RedisCache): Promise<void> {
      const calls: [name: string, call: () => Promise<unknown>, answer: unknown][] = [
        ['get', () => cache.get('k'), undefined],
        ['get with a default', () => cache.get('k', { default: 7 }), 7],
        ['set', () => cache.set('k', 1), undefined],
        ['add', () => cache.add('k', 1), false],
        ['getMany', () => cache.getMany(['k', 'l']), new Map()],
        ['setMany', () => cache.setMany({ k: 1, l: 2 }), ['k', 'l']],
        ['has', () => cache.has('k'), false],
        ['delete', () => cache.delete('k'), false],
        ['deleteMany', () => cache.deleteMany(['k', 'l']), 0],
        ['touch', () => cache.touch('k', '1m'), false],
        ['clear', () => cache.clear(), undefined],
      ];
      for (const [name, call, answer] of calls) {
        const before = (await cache.stats()).errors!;
        assert.deepStrictEqual(await ended(call()), answer, name);
        assert.equal((await cache.stats()).errors, before + 1, name);
      }
      await assert.rejects(ended(cache.incr('k')), KeyNotFoundError);
      await assert.rejects(ended(cache.incrVersion('k')), KeyNotFoundError);
      const before = (await cache.stats()).errors!;
      let runs = 0;
      assert.equal(await ended(cache.getOrSet('k', () => ++runs)), 1);
      assert.equal(await ended(cache.getOrSet('k', async () => ++runs)), 2);
      assert.equal(await ended(cache.getOrSet('k', 'plain')), 'plain');
      // Each was read and written in vain.
      assert.equal((await cache.stats()).errors, before + 6);
      const { sets, hits, deletes } = await cache.stats();
      assert.deepStrictEqual({ sets, hits, deletes }, { sets: 0, hits: 0, deletes: 0 });
    }

    it('reads miss and writes are dropped while the server is down, and not when it is back', async () => {
      await server.kill('SIGKILL');
      await using cache = new RedisCache({ url: server.url, commandTimeout: 200, failOpen: true });
      await answersAsIfEmpty(cache);
      await server.restart();
      await until('the cache is used', async () => {
        await cache.set('k', 'v');
        return (await cache.get('k')) === 'v';
      });
    });

    it('is the same of one that hangs', async () => {
      await using cache = new RedisCache({ url: server.url, commandTimeout: 200, failOpen: true });
      await server.kill('SIGSTOP');
      await answersAsIfEmpty(cache);
      await server.kill('SIGCONT');
    });

    it('does not excuse what the caller does wrong', async () => {
      await using cache = new RedisCache({ url: server.url, failOpen: true });
      await assert.rejects(cache.set('k', undefined), TypeError);
      await assert.rejects(
        cache.set('k', () => 1),
        UncacheableValueError,
      );
      await assert.rejects(cache.get(''), TypeError);
      await assert.rejects(cache.set('k', 1, 'soon' as never), TypeError);
      assert.equal((await cache.stats()).errors, 0);
    });
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CacheClosedError, RedisCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';
import { FakeServer } from './fake-server.js';
import { codesOf, ended, settle } from './settle.js';
import { hearsAllRejections } from './unhandled.js';

/** Connections to the server but for the one that asks. */
async function clientsOf(server: RedisServer): Promise<number> {
  return (await server.text('CLIENT', 'LIST')).trim().split('\n').length - 1;
}

needs('redis-server', () => {
  describe('close()', () => {
    hearsAllRejections();
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());

    it('lets go of the one connection that all caches of a URL share, with the last of them', async () => {
      const caches = ['a', 'b', 'c', 'd'].map(
        (keyPrefix) => new RedisCache({ url: server.url, keyPrefix, commandTimeout: '10s' }),
      );
      await Promise.all(caches.map((cache, i) => cache.set('k', i)));
      assert.equal(await clientsOf(server), 1);
      for (const cache of caches.slice(1)) await cache.close();
      assert.equal(await caches[0]!.get('k'), 0);
      assert.equal(await clientsOf(server), 1);
      await caches[0]!.close();
      await until('no connection is left', async () => (await clientsOf(server)) === 0);
      await using again = new RedisCache({ url: server.url, keyPrefix: 'b', commandTimeout: '10s' });
      assert.equal(await again.get('k'), 1);
    });

    it('answers what is under way, to the last step, also while it connects', async () => {
      for (const isConnected of [false, true]) {
        const cache = new RedisCache({ url: server.url, keyPrefix: 'under-way', commandTimeout: '10s' });
        if (isConnected) await cache.set('other', 1);
        const calls = settle<unknown>([
          cache.set('k', 'v'),
          cache.get('k'),
          cache.getMany(['k']),
          cache.setMany({ k: 'v', counter: 1 }),
          cache.incr('counter'),
          cache.incrVersion('counter'),
          cache.touch('k', null),
          cache.clear(),
        ]);
        await ended(cache.close());
        // They are at once under way: clear() may come before incr().
        const codes = codesOf(await calls).filter((code) => code !== 'ERR_LOCMEM_KEY_NOT_FOUND');
        assert.deepStrictEqual(codes, []);
        await assert.rejects(cache.get('k'), CacheClosedError);
        await ended(cache.close());
      }
      await until('no connection is left', async () => (await clientsOf(server)) === 0);
    });

    it('twice at once, and on a cache that nobody used, is fine', async () => {
      const cache = new RedisCache({ url: server.url, commandTimeout: '10s' });
      await settle([cache.close(), cache.close()]);
      const used = new RedisCache({ url: server.url, commandTimeout: '10s' });
      const get = settle([used.get('k')]);
      assert.deepStrictEqual(codesOf(await settle([used.close(), used.close()])), []);
      assert.deepStrictEqual(codesOf(await get), []);
      await until('no connection is left', async () => (await clientsOf(server)) === 0);
    });

    it('does not wait for a server that is down, and ends the attempts to reach it', async () => {
      const gone = await FakeServer.start((socket) => socket.destroy());
      const cache = new RedisCache({ url: gone.url, commandTimeout: 500 });
      const calls = settle([cache.get('k'), cache.set('k', 1)]);
      await ended(cache.close());
      assert.deepStrictEqual(codesOf(await calls), ['ERR_LOCMEM_UNAVAILABLE']);
      const again = new RedisCache({ url: gone.url, commandTimeout: 500 });
      await settle([again.get('k')]);
      await ended(again.close());
      const { accepted } = gone;
      const other = new RedisCache({ url: gone.url, commandTimeout: 500 });
      await settle([other.get('k')]);
      // The first attempt of another: by then those of the closed ones would have come.
      await until('another was there', () => gone.accepted > accepted + 2);
      await other.close();
      await gone.stop();
    });

    it('ends within commandTimeout where the server hangs', async () => {
      const cache = new RedisCache({ url: server.url, commandTimeout: 300 });
      await until('it is connected to', async () => (await cache.set('k', 1)) === undefined);
      await server.kill('SIGSTOP');
      const calls = settle([cache.get('k'), cache.get('k')]);
      await ended(cache.close());
      assert.deepStrictEqual(codesOf(await calls), ['ERR_LOCMEM_UNAVAILABLE']);
      await server.kill('SIGCONT');
      await until('no connection is left', async () => (await clientsOf(server)) === 0);
    });

    it('does not take away what a run of getOrSet has made', async () => {
      const cache = new RedisCache({ url: server.url, keyPrefix: 'run', commandTimeout: '10s' });
      let finish = (_value: string) => {};
      const made = new Promise<string>((resolve) => {
        finish = resolve;
      });
      let hasBegun = false;
      const got = cache.getOrSet('k', () => {
        hasBegun = true;
        return made;
      });
      await until('the factory runs', () => hasBegun);
      await ended(cache.close());
      finish('made');
      assert.equal(await ended(got), 'made');
    });
  });
});

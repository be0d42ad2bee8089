import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LocMemCache, RedisCache, type RedisCacheOptions, TieredCache } from 'locmem';
import { createClient, createCluster, createSentinel } from 'redis';
import { runProgram } from '../child-program.js';
import { needs } from '../servers/needs.js';
import { RedisCluster } from '../servers/redis-cluster.js';
import { RedisSentinels } from '../servers/redis-sentinels.js';
import { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';
import { codesOf, ended, settle } from './settle.js';
import { hearsAllRejections } from './unhandled.js';

type Client = NonNullable<RedisCacheOptions['client']>;

/** All kinds of calls go through the client, and it goes on after the cache's end. */
async function serves(client: Client, keyPrefix: string): Promise<void> {
  const cache = new RedisCache({ client, keyPrefix, commandTimeout: '10s' });
  const other = new RedisCache({ client, keyPrefix: `${keyPrefix}-other`, commandTimeout: '10s' });
  await cache.set('k', { deep: new Map([[1, new Date(0)]]) });
  assert.deepStrictEqual(await cache.get('k'), { deep: new Map([[1, new Date(0)]]) });
  assert.equal(await cache.add('n', 1), true);
  assert.equal(await cache.add('n', 1), false);
  assert.equal(await cache.incr('n', 0.25), 1.25);
  assert.equal(await cache.incrVersion('n'), 2);
  assert.deepStrictEqual(await cache.setMany({ a: 1, b: 'two', c: null }), []);
  assert.deepStrictEqual([...(await cache.getMany(['a', 'b', 'c', 'd'])).values()], [1, 'two', null]);
  assert.equal(await cache.deleteMany(['a', 'b']), 2);
  await other.set('k', 1);
  await cache.clear();
  assert.equal(await cache.has('c'), false);
  await cache.close();
  assert.equal(client.isOpen, true);
  const tier = new TieredCache({ l1: new LocMemCache(), l2: new RedisCache({ client, keyPrefix: 'tier' }) });
  await tier.set('k', 'v');
  assert.equal(await tier.get('k'), 'v');
  await tier.close();
  assert.equal(client.isOpen, true);
  assert.equal(await other.get('k'), 1);
  await other.close();
  assert.equal(client.isOpen, true);
}

needs('redis-server', () => {
  describe('a client of one’s own', () => {
    hearsAllRejections();
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());

    it('serves, connected or not, speaking RESP2 or RESP3, and stays open', async () => {
      for (const RESP of [2, 3] as const) {
        for (const isConnected of [true, false]) {
          const client = createClient({ url: server.url, RESP });
          if (isConnected) await client.connect();
          await serves(client as never, 'own');
          assert.equal(await client.ping(), 'PONG');
          client.destroy();
        }
      }
    });

    it('of a cluster serves, and stays open', async () => {
      const cluster = await RedisCluster.start();
      const client = createCluster({ rootNodes: cluster.urls.map((url) => ({ url })) });
      await serves(client as never, 'own');
      client.destroy();
      await cluster.stop();
    });

    it('of sentinels serves, and stays open', async () => {
      const set = await RedisSentinels.start();
      const client = createSentinel({
        name: set.name,
        sentinelRootNodes: set.ports.map((port) => ({ host: '127.0.0.1', port })),
      });
      await serves(client as never, 'own');
      client.destroy();
      await set.stop();
    });

    it('may lose its server and come back by itself: calls end meanwhile', async () => {
      const down = await RedisServer.start();
      const client = createClient({ url: down.url });
      client.on('error', () => {});
      const cache = new RedisCache({ client: client as never, commandTimeout: 200 });
      await until('it is connected to', async () => (await cache.set('k', 1)) === undefined);
      for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
        await down.kill(signal);
        assert.deepStrictEqual(codesOf(await settle([cache.get('k'), cache.set('k', 2)])), ['ERR_LOCMEM_UNAVAILABLE']);
        if (signal === 'SIGKILL') await down.restart();
        else await down.kill('SIGCONT');
        await until('it is used', async () => (await cache.set('k', 3)) === undefined);
        assert.equal(await ended(cache.get('k')), 3);
      }
      await cache.close();
      client.destroy();
      await down.stop();
    });

    it('that hangs does not gather the calls that were given up', async () => {
      const hung = await RedisServer.start();
      const client = createClient({ url: hung.url });
      client.on('error', () => {});
      const cache = new RedisCache({ client: client as never, commandTimeout: 200 });
      await until('it is connected to', async () => (await cache.set('k', 1)) === undefined);
      await hung.kill('SIGSTOP');
      // More than a socket takes on.
      const value = 'x'.repeat(10_000);
      for (let i = 0; i < 5; i++) {
        const outcomes = await settle(Array.from({ length: 2000 }, () => cache.set('k', value)));
        assert.deepStrictEqual(codesOf(outcomes), ['ERR_LOCMEM_UNAVAILABLE']);
      }
      const { pendingCount } = (client as unknown as { _getQueue(): { pendingCount: number } })._getQueue();
      assert.ok(pendingCount < 4000, `${pendingCount} commands of 10000 wait`);
      await hung.kill('SIGCONT');
      await cache.close();
      client.destroy();
      await hung.stop();
    });

    it('ends the program by its error events if it did so before, and not if they are heard', async () => {
      const gone = await RedisServer.start();
      await gone.kill('SIGKILL');
      const program = (listening: string) => `
        import { createClient } from 'redis';
        import { LocMemCache, RedisCache } from 'locmem';
        const client = createClient({ url: '${gone.url}' });
        ${listening}
        const cache = new RedisCache({ client, commandTimeout: 300 });
        console.log(await cache.get('k').catch(({ code }) => code));
        await cache.close();
        client.destroy();`;
      const heard = await runProgram(program("client.on('error', () => {});"));
      assert.equal(heard.stderr, '');
      assert.equal(heard.stdout, 'ERR_LOCMEM_UNAVAILABLE\n');
      assert.equal(heard.exit, 0);
      await gone.stop();
    });
  });
});

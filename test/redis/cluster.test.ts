import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RedisCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisCluster } from '../servers/redis-cluster.js';
import type { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';
import { codesOf, ended, settle } from './settle.js';
import { hearsAllRejections } from './unhandled.js';

const KEYS = Array.from({ length: 300 }, (_, i) => `k${i}`);

/** What of `keys` is at each node. */
async function keysAt(nodes: readonly RedisServer[], prefix: string): Promise<string[][]> {
  const names = await Promise.all(nodes.map((node) => node.command('KEYS', `${prefix}:*`)));
  return names.map((list) => (list as string[]).map((name) => name.replace(/^.*:/, '')));
}

needs('redis-server', () => {
  describe('a cluster', () => {
    hearsAllRejections();
    let cluster: RedisCluster;
    before(async () => {
      cluster = await RedisCluster.start();
    });
    after(() => cluster.stop());

    it('has the keys of many on all its masters, read, written and removed by the masters’ shares', async () => {
      await using cache = new RedisCache({ urls: cluster.urls, keyPrefix: 'many', commandTimeout: '10s' });
      const values = new Map(KEYS.map((key, i) => [key, i % 2 ? i : { i }]));
      assert.deepStrictEqual(await cache.setMany(values), []);
      const shares = await keysAt(cluster.masters, 'many');
      assert.equal(shares.flat().length, KEYS.length);
      for (const share of shares) assert.ok(share.length > 50, `${share.length} keys at a node`);
      assert.deepStrictEqual(await cache.getMany(['absent', ...KEYS]), values);
      assert.equal(await cache.deleteMany(['absent', ...KEYS.slice(0, 100)]), 100);
      assert.deepStrictEqual([...(await cache.getMany(KEYS)).keys()], KEYS.slice(100));
    });

    it('is cleared of one prefix at all masters, and of everything without one', async () => {
      await using cache = new RedisCache({ urls: cluster.urls, keyPrefix: 'p', commandTimeout: '10s' });
      await using other = new RedisCache({ urls: cluster.urls, keyPrefix: 'pp', commandTimeout: '10s' });
      const entries = new Map(KEYS.map((key) => [key, 1]));
      await Promise.all([cache.setMany(entries), other.setMany(entries)]);
      await cache.clear();
      assert.deepStrictEqual((await keysAt(cluster.masters, 'p')).flat(), []);
      assert.equal((await other.getMany(KEYS)).size, KEYS.length);
      await using all = new RedisCache({ urls: cluster.urls, commandTimeout: '10s' });
      await all.clear();
      assert.equal((await other.getMany(KEYS)).size, 0);
    });

    it('moves an entry to another version with its ttl, wherever the other has its place', async () => {
      await using cache = new RedisCache({ urls: cluster.urls, keyPrefix: 'move', commandTimeout: '10s' });
      await cache.setMany(new Map(KEYS.slice(0, 50).map((key) => [key, { key }])), '1h');
      for (const key of KEYS.slice(0, 50)) {
        assert.equal(await cache.incrVersion(key), 2);
        assert.equal(await cache.get(key), undefined);
        assert.deepStrictEqual(await cache.get(key, { version: 2 }), { key });
      }
      const ttls = await Promise.all(
        cluster.masters.map(async (node) => {
          const names = (await node.command('KEYS', 'move:2:*')) as string[];
          return Promise.all(names.map(async (name) => Number(await node.command('PTTL', name))));
        }),
      );
      assert.equal(ttls.flat().length, 50);
      for (const ttl of ttls.flat()) assert.ok(ttl > 3_000_000 && ttl <= 3_600_000, `${ttl} ms left`);
    });

    it('counts, adds and touches one by one', async () => {
      await using cache = new RedisCache({ urls: cluster.urls, keyPrefix: 'one', commandTimeout: '10s' });
      for (const key of KEYS.slice(0, 20)) {
        assert.equal(await cache.add(key, 1), true);
        assert.equal(await cache.add(key, 2), false);
        assert.equal(await cache.incr(key, 0.5), 1.5);
        assert.equal(await cache.touch(key, null), true);
        assert.equal(await cache.delete(key), true);
      }
    });

    it('goes on when a slot is moved to another master', async () => {
      await using cache = new RedisCache({ urls: cluster.urls, keyPrefix: 'slot', commandTimeout: '10s' });
      await cache.setMany(new Map(KEYS.map((key) => [key, key])));
      const [from, to] = [cluster.masters[0]!, cluster.masters[1]!];
      const [name] = (await from.command('KEYS', 'slot:*')) as [string];
      const slot = Number(await from.command('CLUSTER', 'KEYSLOT', name));
      const [fromId, toId] = [await from.text('CLUSTER', 'MYID'), await to.text('CLUSTER', 'MYID')];
      await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
      await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
      const key = name.replace(/^.*:/, '');
      // Half moved: what is gone from the one is asked for at the other.
      const inSlot = (await from.command('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[];
      await from.command('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...inSlot);
      assert.equal(await ended(cache.get(key)), key);
      await ended(cache.set(key, 'meanwhile'));
      for (const node of [to, from, cluster.masters[2]!]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
      assert.equal(await ended(cache.get(key)), 'meanwhile');
      await ended(cache.set(key, 'after'));
      assert.equal((await ended(cache.getMany(KEYS))).size, KEYS.length);
      assert.equal(await to.command('EXISTS', name), 1);
    });
  });

  for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
    describe(`a cluster of which a master gets ${signal}`, () => {
      hearsAllRejections();
      let cluster: RedisCluster;
      before(async () => {
        // By default no node answers while one is missing.
        cluster = await RedisCluster.start({ settings: { 'cluster-require-full-coverage': 'no' } });
      });
      after(() => cluster.stop());

      it('serves the keys of the others all the time, and those of that one again after its replica took over', async () => {
        await using cache = new RedisCache({ urls: cluster.urls, keyPrefix: 'fail', commandTimeout: '2s' });
        await until('it is connected to', async () => (await cache.set('k', 1)) === undefined);
        await until('all is written', async () => {
          const failed = await cache.setMany(new Map(KEYS.map((key) => [key, key])));
          return failed.length === 0;
        });
        const [lost, ...others] = await keysAt(cluster.masters, 'fail');
        const [master, replica] = [cluster.masters[0]!, cluster.replicas[0]!];
        await until('the replica has it all', async () => {
          return (await keysAt([replica], 'fail'))[0]!.length === lost!.length;
        });
        await using open = new RedisCache({
          urls: cluster.urls,
          keyPrefix: 'fail',
          commandTimeout: '2s',
          failOpen: true,
        });
        await open.get('k');
        await master.kill(signal);
        const safe = others.flat();
        const found = await open.getMany(KEYS);
        for (const key of safe) assert.equal(found.get(key), key, 'with failOpen, the others are found');
        const refused = await open.setMany(new Map(KEYS.map((key) => [key, key])));
        for (const key of refused) assert.ok(lost!.includes(key), 'and stored');
        let served = 0;
        const errors = new Set<string>();
        await until('the replica took over', async () => {
          const outcomes = await settle(safe.slice(0, 40).map((key) => cache.get(key)));
          for (const outcome of outcomes) {
            if ('error' in outcome) errors.add(String(outcome.error));
            else served++;
          }
          // One of the dead at a time, as well, so that both kinds of call meet.
          const [one] = await settle([cache.get(lost![0]!)]);
          if ('error' in one!) assert.deepStrictEqual(codesOf([one]), ['ERR_LOCMEM_UNAVAILABLE']);
          return 'value' in one! && one.value === lost![0];
        });
        assert.ok(served > 0);
        assert.deepStrictEqual([...errors], []);
        await until('all keys are back', async () => (await cache.getMany(KEYS)).size === KEYS.length);
        await until(
          'they can be written',
          async () => (await cache.setMany(new Map(lost!.map((key) => [key, 2])))).length === 0,
        );
        if (signal === 'SIGSTOP') await master.kill('SIGCONT');
        else await master.restart();
        await until('it is a replica now', async () => /role:slave/.test(await master.text('INFO', 'replication')));
        await until('all is served', async () => (await cache.getMany(KEYS)).size === KEYS.length);
        assert.equal(await ended(cache.get(lost![0]!)), 2);
      });
    });
  }
});

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CacheUnavailableError, RedisCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { redisCommand } from '../servers/redis-command.js';
import { RedisSentinels } from '../servers/redis-sentinels.js';
import { until } from '../servers/until.js';
import { ended } from './settle.js';
import { hearsAllRejections } from './unhandled.js';

needs('redis-server', () => {
  describe('a master behind sentinels', () => {
    hearsAllRejections();
    let set: RedisSentinels;
    let urls: string[];
    before(async () => {
      set = await RedisSentinels.start({ sentinels: 3, password: 'secret' });
      urls = set.ports.map((port) => `redis://:secret@127.0.0.1:${port}`);
    });
    after(() => set.stop());

    it('is found by any sentinel that answers', async () => {
      await using cache = new RedisCache({
        urls: ['redis://:secret@127.0.0.1:1', ...urls],
        sentinel: set.name,
        commandTimeout: '10s',
      });
      await until('it is found', async () => (await cache.set('k', 'v')) === undefined);
      assert.equal(await set.master.command('EXISTS', ':1:k'), 1);
    });

    it('is not found under a name that nobody watches, which the error says', async () => {
      await using cache = new RedisCache({ urls, sentinel: 'nobody', commandTimeout: '10s' });
      await assert.rejects(ended(cache.get('k')), (error) => {
        assert.ok(error instanceof CacheUnavailableError);
        assert.match(error.message, /no master called nobody/);
        return true;
      });
    });

    it('may die: the replica takes over, and the old one is not written to when it comes back', async () => {
      await using cache = new RedisCache({ urls, sentinel: set.name, commandTimeout: 500, keyPrefix: 'f' });
      await until('it is found', async () => (await cache.set('before', 'v')) === undefined);
      await until('the replica has it', async () => (await set.replica.command('EXISTS', 'f:1:before')) === 1);
      await set.master.kill('SIGKILL');
      await assert.rejects(ended(cache.set('k', 'lost')), CacheUnavailableError);
      await until('the replica took over', async () => (await cache.set('k', 'after')) === undefined);
      assert.equal(await ended(cache.get('before')), 'v');
      assert.equal(await set.replica.command('EXISTS', 'f:1:k'), 1);
      await set.master.restart();
      await until('the old master is a replica', async () =>
        /role:slave/.test(await set.master.text('INFO', 'replication')),
      );
      await until('it is written', async () => (await cache.set('k', 'later')) === undefined);
      assert.equal(await ended(cache.get('k')), 'later');
      assert.equal(await set.replica.command('EXISTS', 'f:1:k'), 1);
    });

    it('that is made a replica while it lives is left for the new one', async () => {
      await using cache = new RedisCache({ urls, sentinel: set.name, commandTimeout: 500, keyPrefix: 'g' });
      await until('it is found', async () => (await cache.set('k', 0)) === undefined);
      const [now, next] = [set.replica, set.master];
      // It comes to nothing where they take the other for down at that moment, on a busy machine: then they are told again.
      await until('the other is the master', async () => {
        if ((await set.masterPort()) === next.port) return true;
        await redisCommand(set.ports[0]!, ['SENTINEL', 'FAILOVER', set.name]);
        return false;
      });
      await until('the one knows', async () => /role:slave/.test(await now.text('INFO', 'replication')));
      await until('it is written', async () => (await cache.set('k', 1)) === undefined);
      assert.equal(await next.command('GET', 'g:1:k'), '1');
      assert.equal(await ended(cache.get('k')), 1);
    });
  });
});

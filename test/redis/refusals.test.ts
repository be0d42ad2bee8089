import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CacheUnavailableError, RedisCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';
import { ended, settle } from './settle.js';
import { hearsAllRejections } from './unhandled.js';

/** A call that the server refuses: with its words, kept as the cause, and what to do about it. */
async function refused(call: Promise<unknown>, said: RegExp, advice: RegExp): Promise<void> {
  await assert.rejects(ended(call), (error) => {
    assert.ok(error instanceof CacheUnavailableError, String(error));
    assert.match(error.message, said);
    assert.match(error.message, advice);
    assert.match((error.cause as Error).message, said);
    return true;
  });
}

needs('redis-server', () => {
  describe('a server with a password', () => {
    hearsAllRejections();
    let server: RedisServer;
    const urlWith = (credentials: string) => `redis://${credentials}127.0.0.1:${server.port}`;
    before(async () => {
      server = await RedisServer.start({ password: 'right' });
    });
    after(() => server.stop());

    it('refuses who has none, or a wrong one, and the messages do not tell it', async () => {
      await using without = new RedisCache({ url: urlWith(''), commandTimeout: '10s' });
      await refused(without.get('k'), /NOAUTH/, /password/);
      await refused(without.set('k', 1), /NOAUTH/, /password/);
      await using wrong = new RedisCache({ url: urlWith(':wr0ng@'), commandTimeout: '10s' });
      for (let i = 0; i < 3; i++) {
        await refused(wrong.get('k'), /WRONGPASS/, /password/);
        await assert.rejects(ended(wrong.get('k')), (error: Error) => !error.message.includes('wr0ng'));
      }
    });

    it('serves who has the right one, and notices when it is changed to it', async () => {
      await using right = new RedisCache({ url: server.url, commandTimeout: '10s' });
      await right.set('k', 1);
      assert.equal(await right.get('k'), 1);
      await server.command('ACL', 'SETUSER', 'later', 'on', '~*', '+@all', '>other');
      await using cache = new RedisCache({ url: urlWith('later:soon@'), commandTimeout: '10s' });
      await refused(cache.get('k'), /WRONGPASS/, /password/);
      await server.command('ACL', 'SETUSER', 'later', '>soon');
      await until('the password is right', async () => (await cache.get('k')) === 1);
    });

    it('may forbid a user some commands: those are refused, the others are answered', async () => {
      await server.command('ACL', 'SETUSER', 'reader', 'on', '~*', '+@read', '+@connection', '>r');
      await using cache = new RedisCache({ url: urlWith('reader:r@'), commandTimeout: '10s' });
      await server.command('SET', ':1:k', 'true');
      assert.equal(await cache.get('k'), true);
      await refused(cache.set('k', 1), /NOPERM/, /ACL/);
      await refused(cache.incr('k'), /NOPERM/, /ACL/);
      assert.deepStrictEqual(await cache.setMany({ a: 1, b: 2 }), ['a', 'b']);
      assert.deepStrictEqual(await cache.getMany(['k', 'a']), new Map([['k', true]]));
      assert.equal(await cache.getOrSet('absent', () => 'made'), 'made');
    });
  });

  it('a server that has no database of that number: the URL is to be changed', async () => {
    const server = await RedisServer.start();
    await using cache = new RedisCache({ url: `${server.url}/99`, commandTimeout: '10s' });
    await refused(cache.get('k'), /DB index/, /path of the URL/);
    await server.stop();
  });

  describe('a server that has no more memory', () => {
    hearsAllRejections();
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start({ maxmemory: '3mb' });
    });
    after(() => server.stop());

    it('refuses writes, each by itself; reads, removals and what getOrSet makes are not touched by it', async () => {
      await using cache = new RedisCache({ url: server.url, keyPrefix: 'full', commandTimeout: '10s' });
      await cache.set('before', 'there');
      await cache.set('counter', 1);
      const large = 'x'.repeat(100_000);
      let kept = 0;
      const failed = await cache.setMany(new Map(Array.from({ length: 50 }, (_, i) => [`k${i}`, large])));
      for (let i = 0; i < 50; i++) if (await cache.has(`k${i}`)) kept++;
      assert.ok(failed.length > 0 && kept > 0, `${failed.length} refused, ${kept} kept`);
      assert.equal(failed.length + kept, 50);
      for (const key of failed) assert.equal(await cache.has(key), false);
      assert.equal((await cache.stats()).sets, 2 + kept);
      await server.command('CONFIG', 'SET', 'maxmemory', '1');
      await refused(cache.set('before', 'other'), /OOM/, /maxmemory-policy/);
      await refused(cache.add('fresh', 1), /OOM/, /maxmemory-policy/);
      await refused(cache.incr('counter'), /OOM/, /maxmemory-policy/);
      assert.deepStrictEqual(await cache.setMany({ a: 1, b: 2 }), ['a', 'b']);
      assert.equal(await cache.get('before'), 'there');
      assert.deepStrictEqual([...(await cache.getMany(['before', 'counter'])).values()], ['there', 1]);
      assert.equal(await cache.getOrSet('made', () => 'made'), 'made');
      assert.equal(await cache.getOrSet('made', async () => 'made again'), 'made again');
      assert.equal(await cache.delete('before'), true);
      await cache.clear();
      await server.command('CONFIG', 'SET', 'maxmemory', '10mb');
      await cache.set('k', 1);
      assert.equal(await cache.get('k'), 1);
    });

    it('counts what it refused', async () => {
      await using cache = new RedisCache({ url: server.url, keyPrefix: 'count', commandTimeout: '10s' });
      await server.command('CONFIG', 'SET', 'maxmemory', '1');
      await settle<unknown>([cache.set('a', 1), cache.add('b', 1), cache.getOrSet('c', () => 1)]);
      const { errors, sets } = await cache.stats();
      assert.deepStrictEqual({ errors, sets }, { errors: 3, sets: 0 });
    });
  });

  describe('a server that is reading its data', () => {
    hearsAllRejections();
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start({
        settings: {
          'enable-debug-command': 'yes',
          'key-load-delay': 1000,
          'loading-process-events-interval-bytes': 1024,
        },
      });
    });
    after(() => server.stop());

    it('refuses calls until it has it', async () => {
      await using cache = new RedisCache({ url: server.url, keyPrefix: 'p', commandTimeout: '10s' });
      await cache.setMany(new Map(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 'x'.repeat(100)])));
      const reloaded = server.command('DEBUG', 'RELOAD');
      const saw: string[] = [];
      await until('it reads', async () => {
        const [outcome] = await settle([cache.get('k1')]);
        if (outcome !== undefined && 'error' in outcome) saw.push((outcome.error as Error).message);
        return saw.length > 0;
      });
      assert.match(saw[0]!, /LOADING/);
      await server.command('CONFIG', 'SET', 'key-load-delay', '0').catch(() => {});
      await reloaded;
      await until('it has it', async () => (await cache.get('k1')) === 'x'.repeat(100));
    });
  });
});

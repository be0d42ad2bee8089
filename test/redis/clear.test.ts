import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { InvalidConfigError, RedisCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';

needs('redis-server', () => {
  describe('clear() on Redis', () => {
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());
    beforeEach(async () => {
      await server.command('FLUSHALL');
    });

    it('takes a prefix as it is written, and no other prefix that it begins or matches', async () => {
      const prefixes = [
        'p',
        'pp',
        'a*b?[c]\\',
        'aXbYc\\',
        'a*b?[c]',
        '*',
        '?',
        '[a-z]',
        '\\',
        '\\*',
        'ü 🦊\n',
        'p:lease',
      ];
      const caches = prefixes.map((keyPrefix) => new RedisCache({ url: server.url, keyPrefix, commandTimeout: '20s' }));
      for (const [i, cleared] of caches.entries()) {
        for (const cache of caches) await cache.setMany({ one: 1, 'two:2': 2 });
        await server.command('SET', `${prefixes[i]}:foreign`, 'stays');
        await cleared.clear();
        for (const [j, cache] of caches.entries()) {
          assert.equal(
            (await cache.getMany(['one', 'two:2'])).size,
            i === j ? 0 : 2,
            `${prefixes[i]} and ${prefixes[j]}`,
          );
        }
        assert.equal(await server.command('EXISTS', `${prefixes[i]}:foreign`), 1);
      }
      for (const cache of caches) await cache.close();
    });

    it('takes all versions of twenty thousand keys, while others write theirs', async () => {
      await using cache = new RedisCache({ url: server.url, keyPrefix: 'many', commandTimeout: '20s' });
      await using other = new RedisCache({ url: server.url, keyPrefix: 'other', commandTimeout: '20s' });
      const entries = new Map(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i]));
      await cache.setMany(entries);
      await cache.setMany(entries, { version: 7 });
      let isCleared = false;
      const clearing = cache.clear().then(() => {
        isCleared = true;
      });
      let written = 0;
      while (!isCleared) await other.set(`k${written++}`, written);
      await clearing;
      assert.deepStrictEqual(await server.command('KEYS', 'many:*'), []);
      assert.equal(((await server.command('KEYS', 'other:*')) as string[]).length, written);
    });

    it('empties the database of the URL, and no other, where there is no prefix', async () => {
      const caches = ['', '/0', '/3', '/15'].map(
        (path) => new RedisCache({ url: `${server.url}${path}`, commandTimeout: '20s' }),
      );
      const [bare, zero, three, fifteen] = caches as [RedisCache, RedisCache, RedisCache, RedisCache];
      for (const [i, cache] of caches.entries()) await cache.set('k', i);
      assert.equal(await bare.get('k'), 1);
      await three.clear();
      assert.equal(await three.get('k'), undefined);
      assert.equal(await zero.get('k'), 1);
      assert.equal(await fifteen.get('k'), 3);
      for (const cache of caches) await cache.close();
    });

    it('is refused where the key function hides the prefix, and takes its own where it does not', async () => {
      const keyFunction = (key: string, keyPrefix: string, version: number) => `${keyPrefix}/${version}/${key}`;
      await using own = new RedisCache({ url: server.url, keyPrefix: 'f', keyFunction, commandTimeout: '20s' });
      await using longer = new RedisCache({ url: server.url, keyPrefix: 'ff', keyFunction, commandTimeout: '20s' });
      await own.set('k', 1);
      await longer.set('k', 1);
      await own.clear();
      assert.equal(await own.has('k'), false);
      assert.equal(await longer.has('k'), true);
      await using hidden = new RedisCache({
        url: server.url,
        keyPrefix: 'f',
        keyFunction: (key) => key,
        commandTimeout: '20s',
      });
      await hidden.set('k', 1);
      await assert.rejects(hidden.clear(), InvalidConfigError);
      assert.equal(await hidden.get('k'), 1);
    });
  });
});

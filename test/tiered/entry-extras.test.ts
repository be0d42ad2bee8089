import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LocMemCache, RedisCache, TieredCache } from 'locmem';
import { once } from '../conformance/redis-place.js';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';

needs('redis-server', () => {
  const started = once(() => RedisServer.start());

  describe('TieredCache: tags and stale entries', () => {
    let server: RedisServer;
    let here: TieredCache;
    let near: LocMemCache;
    let there: TieredCache;
    let bare: RedisCache;
    let opened = 0;

    /** As in another process: a different timeout makes a connection of its own. */
    const redis = () => new RedisCache({ url: server.url, commandTimeout: 60_000 + opened++, keyPrefix: 'app' });
    const nearby = () => new LocMemCache({ location: `extras ${opened++}`, keyPrefix: 'app' });

    beforeEach(async () => {
      server = await started();
      await server.command('FLUSHALL');
      near = nearby();
      here = new TieredCache({ l1: near, l2: redis() });
      there = new TieredCache({ l1: nearby(), l2: redis() });
      bare = redis();
      // All are connected, and told.
      for (const cache of [here, there, bare]) await cache.get('k');
      await until('l1 is used', async () => {
        await here.set('first', 1);
        return near.hasSync('first');
      });
    });

    afterEach(async () => {
      for (const cache of [here, there, bare]) await cache.close();
    });

    async function copied(key: string, value: unknown): Promise<void> {
      await until('there is a copy', async () => (await here.get(key)) === value && near.getSync(key) === value);
    }

    it('a copy of a tagged entry goes at once when the tag is deleted here', async () => {
      await here.set('a', 1, { tags: ['t', 'u'] });
      await here.set('b', 2, { tags: ['v'] });
      await copied('a', 1);
      await here.deleteTag('u');
      assert.equal(near.getSync('a'), undefined);
      assert.equal(await here.get('a'), undefined);
      assert.equal(await here.get('b'), 2);
    });

    it('a copy goes when others delete the tag', async () => {
      await here.set('a', 1, { tags: ['t'] });
      await copied('a', 1);
      await there.deleteTag('t');
      await until('the copy is gone', () => near.getSync('a') === undefined);
      assert.equal(await here.get('a'), undefined);
      await there.set('a', 2, { tags: ['t'] });
      await copied('a', 2);
      await bare.deleteTag('t');
      await until('that is gone, too', () => near.getSync('a') === undefined);
      assert.equal(await here.get('a'), undefined);
    });

    it('a copy stays while others store with the same tag', async () => {
      await here.set('a', 1, { tags: ['t'] });
      await copied('a', 1);
      await there.set('b', 2, { tags: ['t'] });
      await bare.set('c', 3, { tags: ['t'] });
      // Whatever was told of it is here before this.
      await bare.set('last', 1);
      await here.get('last');
      assert.equal(near.getSync('a'), 1);
    });

    it('no copy outlives its tag, whoever stores with it at the same time', async () => {
      for (let round = 0; round < 50; round++) {
        await here.set('a', round, { tags: ['t'] });
        await copied('a', round);
        await Promise.all([there.deleteTag('t'), here.set('b', round, { tags: ['t'] }), bare.deleteTag('t')]);
        await until('the copy is gone', () => near.getSync('a') === undefined);
        assert.equal(await here.get('a'), undefined);
      }
    });

    it('a copy is kept for no longer than the entry lives', async () => {
      const options = { ttl: 60_000, staleIfError: 600_000, tags: ['t'] };
      assert.equal(await here.getOrSet('a', () => 'made', options), 'made');
      await copied('a', 'made');
      await server.command('PEXPIRE', 'app:1:a', 600_000);
      await until('the copy is gone', () => near.getSync('a') === undefined);
      assert.equal(await here.get('a'), undefined);
      assert.equal(near.getSync('a'), undefined);
      const failing = () => {
        throw new RangeError('no');
      };
      assert.equal(await there.getOrSet('a', failing, options), 'made');
      await bare.deleteTag('t');
      await assert.rejects(there.getOrSet('a', failing, options), RangeError);
    });

    it('one run at a time of all that share l2', async () => {
      let runs = 0;
      const factory = async () => {
        runs++;
        await bare.set('meanwhile', runs);
        return runs;
      };
      const answers = await Promise.all([here, there, bare].map((cache) => cache.getOrSet('a', factory)));
      assert.deepEqual(answers, [1, 1, 1]);
      assert.equal(runs, 1);
    });
  });
});

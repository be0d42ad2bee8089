import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cache, KeyFunction } from 'locmem';
import { needs } from '../servers/needs.js';
import { dropped, redisTiers } from './redis-tiers.js';

const LIMIT = { timeout: 60_000 };
const joined: KeyFunction = (key, keyPrefix, version) => `${keyPrefix}/${version}/${key}`;

needs('redis-server', () => {
  const { server, prefix, open } = redisTiers();

  describe('what others change in l2', LIMIT, () => {
    const changes: Record<string, (cache: Cache) => Promise<unknown>> = {
      set: (cache) => cache.set('k', 'new'),
      delete: (cache) => cache.delete('k'),
      'add to another key and incrVersion': (cache) => cache.incrVersion('k'),
      touch: (cache) => cache.touch('k', 60_000),
      'touch for ever': (cache) => cache.touch('k', Number.POSITIVE_INFINITY),
      'touch that ends it': (cache) => cache.touch('k', 0),
      setMany: (cache) => cache.setMany({ j: 1, k: 'new' }),
      deleteMany: (cache) => cache.deleteMany(['j', 'k']),
      incr: (cache) => cache.incr('k'),
      clear: (cache) => cache.clear(),
    };
    for (const [name, change] of Object.entries(changes)) {
      it(`is dropped from l1: ${name}, by the l2 itself, and by another machine`, async () => {
        const keyPrefix = prefix();
        const here = await open({ far: { keyPrefix } });
        const there = await open({ far: { keyPrefix } });
        for (const changing of [here.l2, there.cache]) {
          await here.cache.set('k', 1, 30_000);
          assert.equal(here.l1.getSync('k'), 1);
          await change(changing);
          await dropped(here, name);
          assert.deepEqual(await here.cache.get('k'), await here.l2.get('k'));
        }
        await Promise.all([here.cache.close(), there.cache.close()]);
      });
    }

    const forms: Record<string, { near: object; far: object }> = {
      'one prefix': { near: { keyPrefix: 'a' }, far: { keyPrefix: 'a' } },
      'a prefix with colons': { near: { keyPrefix: 'a:1:b' }, far: { keyPrefix: 'a:1:b' } },
      'no prefix': { near: {}, far: {} },
      'another prefix for l1': { near: { keyPrefix: 'near' }, far: { keyPrefix: 'c' } },
      'a prefix for l2 alone': { near: {}, far: { keyPrefix: 'd' } },
      'another default version in l1': { near: { keyPrefix: 'e', version: 7 }, far: { keyPrefix: 'e', version: 2 } },
      'a key function for l2': { near: { keyPrefix: 'f' }, far: { keyPrefix: 'f', keyFunction: joined } },
      'a key function for l1': { near: { keyPrefix: 'g', keyFunction: joined }, far: { keyPrefix: 'g' } },
    };
    for (const [name, form] of Object.entries(forms)) {
      it(`is dropped from l1 under the right name: ${name}`, async () => {
        const here = await open(form);
        const { cache, l1, l2 } = here;
        const keys = ['k', 'k:2:k', ':', '1:k', 'line\nbreak', 'ü', '-1:x'];
        for (const key of keys) {
          for (const version of [1, -3]) {
            const { hits = 0 } = l1.statsSync();
            await cache.set(key, 'old', { version });
            assert.equal(l1.statsSync().entries, 1, `${key} is kept`);
            assert.equal(await cache.get(key, { version }), 'old');
            assert.ok(l1.statsSync().hits! > hits, `${key} is read in l1`);
            await l2.set(key, 'new', { version });
            await dropped(here, `${key} in version ${version}`);
            assert.equal(await cache.get(key, { version }), 'new');
            l1.clearSync();
          }
        }
        await cache.clear();
        await cache.close();
      });
    }

    it('is dropped where it was written in the same turn of the server as our touch, which then is not told to us', async () => {
      const keyPrefix = prefix();
      const here = await open({ far: { keyPrefix } });
      const there = await open({ far: { keyPrefix } });
      const redis = await server();
      await there.l2.get('k');
      for (let i = 0; i < 5; i++) {
        await here.cache.set('k', 'old');
        await redis.kill('SIGSTOP');
        const set = there.l2.set('k', `new ${i}`);
        await sent();
        const touch = here.cache.touch('k', 90_000);
        await sent();
        await redis.kill('SIGCONT');
        await Promise.all([set, touch]);
        assert.equal(await here.cache.get('k'), await here.l2.get('k'));
      }
      await Promise.all([here.cache.close(), there.cache.close()]);
    });

    it('may have names that are none of ours: the connection stays, and so does what l1 has', async () => {
      const redis = await server();
      const connections = async () => /total_connections_received:(\d+)/.exec(await redis.text('INFO', 'stats'))?.[1];
      const keyPrefix = prefix();
      const direct = await open({ far: { keyPrefix } });
      const indirect = await open({ near: { keyPrefix: 'other' }, far: { keyPrefix, keyFunction: joined } });
      for (const { cache, l2 } of [direct, indirect]) {
        await l2.get('k');
        await cache.set('k', 1);
      }
      const before = Number(await connections());
      const names = [
        `${keyPrefix}:${'9'.repeat(30)}:k`,
        `${keyPrefix}:1:`,
        `${keyPrefix}:`,
        `${keyPrefix}::k`,
        `${keyPrefix}:x:k`,
        '',
      ];
      for (const name of names) await redis.command('SET', name, 1);
      for (const { cache, l1, l2 } of [direct, indirect]) {
        assert.equal(l1.statsSync().entries, 1);
        await l2.set('k', 2);
        await dropped({ cache, l1, l2 }, 'the change after them');
      }
      // Each command from here is a connection of its own; nobody else has made one.
      assert.equal(Number(await connections()) - before, names.length + 1);
      for (const name of names) await redis.command('DEL', name);
      await Promise.all([direct.cache.close(), indirect.cache.close()]);
    });
  });
});

/** What was asked is in the sockets by now: nothing here can tell, so that it is given a while. */
function sent(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

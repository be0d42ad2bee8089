import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { CacheUnavailableError, LocMemCache, RedisCache, TieredCache } from 'locmem';
import { ManualClock } from '../conformance/manual-clock.js';
import { needs } from '../servers/needs.js';
import { RedisServer, type RedisServerOptions } from '../servers/redis-server.js';
import { until } from '../servers/until.js';

const LIMIT = { timeout: 60_000 };
const SHORT = 400;

needs('redis-server', () => {
  async function start(t: TestContext, options: RedisServerOptions = {}) {
    const server = await RedisServer.start(options);
    const opened: TieredCache[] = [];
    t.after(async () => {
      await server.kill('SIGCONT');
      await Promise.all(opened.map((cache) => cache.close()));
      await server.stop();
    });
    async function open({ url = server.url, commandTimeout = 20_000, failOpen = false, clock = new ManualClock() }) {
      const l1 = new LocMemCache({ clock });
      const l2 = new RedisCache({ url, commandTimeout });
      const cache = new TieredCache({ l1, l2, failOpen });
      opened.push(cache);
      await cache.has('k');
      return { l1, l2, cache };
    }
    return { server, open };
  }

  describe('tiers whose connection is lost', LIMIT, () => {
    it('have nothing in l1 of a server that was killed, and read what it has when it is back', async (t) => {
      const { server, open } = await start(t);
      const { l1, cache } = await open({});
      await cache.set('k', 'old');
      assert.equal(l1.getSync('k'), 'old');
      await server.kill('SIGKILL');
      await until('l1 is empty', () => l1.statsSync().entries === 0);
      await assert.rejects(cache.get('k'), CacheUnavailableError);
      await assert.rejects(cache.set('k', 'lost'), CacheUnavailableError);
      assert.equal(l1.statsSync().entries, 0);
      await server.restart();
      await server.command('SET', ':1:k', 2);
      await until('it is back', async () => (await cache.get('k')) === 2);
      await server.command('SET', ':1:k', 3);
      await until('changes are told', async () => (await cache.get('k')) === 3);
      assert.equal(l1.getSync('k'), 3);
    });

    it('see what others changed meanwhile, where the server ended the connection', async (t) => {
      const { server, open } = await start(t);
      const { l1, cache } = await open({});
      for (let i = 0; i < 10; i++) {
        await cache.set('k', i);
        const clients = await server.text('CLIENT', 'LIST');
        const [, id] = /^id=(\d+) .* flags=\S*B/m.exec(clients) ?? [];
        assert.ok(id !== undefined, clients);
        await server.command('CLIENT', 'KILL', 'ID', id);
        await server.command('SET', ':1:k', 1000 + i);
        await until('the change is seen', async () => (await cache.get('k')) === 1000 + i);
        assert.ok([undefined, 1000 + i].includes(l1.getSync('k')));
      }
    });

    for (const failOpen of [false, true]) {
      it(`drop what l1 has of a server that hangs, though nothing is asked: ${failOpen ? 'failOpen' : 'fail-closed'}`, async (t) => {
        const { server, open } = await start(t);
        const { l1, cache } = await open({ commandTimeout: SHORT, failOpen });
        await cache.set('k', 'old');
        await server.kill('SIGSTOP');
        // Nobody asks: it is the heartbeat that notices.
        await until('l1 is empty', () => l1.statsSync().entries === 0);
        if (failOpen) {
          assert.equal(await cache.get('k'), undefined);
          await cache.set('k', 'dropped');
          assert.equal(await cache.delete('k'), false);
          assert.equal(await cache.getOrSet('k', () => 'made'), 'made');
          assert.equal(await cache.has('k'), false);
        } else {
          await assert.rejects(cache.get('k'), CacheUnavailableError);
          await assert.rejects(cache.set('k', 'lost'), CacheUnavailableError);
          assert.equal(await cache.getOrSet('k', () => 'made').catch(() => 'refused'), 'refused');
        }
        assert.equal(l1.statsSync().entries, 0);
        assert.ok((await cache.stats()).errors! > 0);
        await server.kill('SIGCONT');
        await server.command('SET', ':1:k', 2);
        await until('it is back', async () => (await cache.get('k')) === 2);
        await server.command('SET', ':1:k', 3);
        await until('changes are told', async () => (await cache.get('k')) === 3);
      });
    }

    it('keep copies for l1Ttl where the user may not have changes told', async (t) => {
      const { server, open } = await start(t);
      await server.command('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '&*', '+@all', '-client|tracking');
      const clock = new ManualClock();
      const { l1, cache } = await open({ url: server.url.replace('//', '//app:pw@'), clock });
      await cache.set('k', 'old');
      await server.command('SET', ':1:k', 2);
      assert.equal(await cache.get('k'), 'old');
      clock.advance(1000);
      assert.equal(l1.getSync('k'), undefined);
      assert.equal(await cache.get('k'), 2);
    });
  });
});

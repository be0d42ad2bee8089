import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { RedisCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';
import { FakeServer } from './fake-server.js';
import { proxyTo } from './proxy.js';
import { ended, settle } from './settle.js';
import { hearsAllRejections } from './unhandled.js';

const CACHES = 50;
/** Long enough for a client without pauses to come back hundreds of times. */
const WATCHED_MS = 1500;

/** Caches of their own connections: another timeout is another connection. */
function cachesAt(url: string): RedisCache[] {
  return Array.from({ length: CACHES }, (_, i) => new RedisCache({ url, commandTimeout: 5000 + i }));
}

needs('redis-server', () => {
  describe('many caches whose server is in trouble', () => {
    hearsAllRejections();
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());

    /** How often they come in a while, with calls all the time. */
    async function comings(caches: readonly RedisCache[], fake: FakeServer): Promise<number> {
      const before = fake.accepted;
      const end = Date.now() + WATCHED_MS;
      while (Date.now() < end) {
        await settle(caches.map((cache) => cache.get('k')));
        await setTimeout(10);
      }
      return fake.accepted - before;
    }

    it('ask less and less often while it ends their connections', async () => {
      const deaf = await FakeServer.start((socket) => socket.destroy());
      const caches = cachesAt(deaf.url);
      // 50, 100, 200, 400, 800 ms between attempts, each at least half of that: at most seven attempts in the time.
      const count = await comings(caches, deaf);
      assert.ok(count <= CACHES * 8, `${count} connections`);
      await settle(caches.map((cache) => cache.close()));
      await deaf.stop();
    });

    it('do so, too, while it greets them and then ends the connection', async () => {
      // RESP3's null: the answer to the first call.
      const fickle = await proxyTo(server.port, (bytes, cut) => {
        if (bytes.toString() === '_\r\n') setImmediate(cut);
        return bytes;
      });
      const caches = cachesAt(fickle.url);
      const count = await comings(caches, fickle);
      assert.ok(count <= CACHES * 8, `${count} connections`);
      await settle(caches.map((cache) => cache.close()));
      await fickle.stop();
    });

    it('come back once, each, after one cut', async () => {
      const proxy = await proxyTo(server.port);
      const caches = cachesAt(proxy.url);
      await Promise.all(caches.map((cache) => cache.set('k', 'v')));
      assert.equal(proxy.accepted, CACHES);
      proxy.cut();
      await until('all are back', async () => {
        const values = await settle(caches.map((cache) => cache.get('k')));
        return values.every((outcome) => 'value' in outcome && outcome.value === 'v');
      });
      assert.ok(proxy.accepted <= 3 * CACHES, `${proxy.accepted} connections`);
      assert.equal(await ended(caches[0]!.get('k')), 'v');
      await settle(caches.map((cache) => cache.close()));
      await until('no connection is left', () => proxy.open === 0);
      await proxy.stop();
    });
  });
});

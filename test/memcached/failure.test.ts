import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CacheUnavailableError, MemcachedCache, type MemcachedCacheOptions } from 'locmem';
import { runProgram } from '../child-program.js';
import { MemcachedServer } from '../servers/memcached-server.js';
import { needs } from '../servers/needs.js';

const CALLS: Record<string, (cache: MemcachedCache) => Promise<unknown>> = {
  get: (cache) => cache.get('k'),
  set: (cache) => cache.set('k', 1),
  add: (cache) => cache.add('k', 1),
  getOrSet: (cache) => cache.getOrSet('k', () => 1),
  getMany: (cache) => cache.getMany(['k', 'l']),
  setMany: (cache) => cache.setMany({ k: 1, l: 2 }),
  has: (cache) => cache.has('k'),
  delete: (cache) => cache.delete('k'),
  deleteMany: (cache) => cache.deleteMany(['k', 'l']),
  touch: (cache) => cache.touch('k'),
  incr: (cache) => cache.incr('k'),
  decr: (cache) => cache.decr('k'),
  incrVersion: (cache) => cache.incrVersion('k'),
  clear: (cache) => cache.clear(),
};

const UNAVAILABLE = { name: 'CacheUnavailableError', code: 'ERR_LOCMEM_UNAVAILABLE' };

async function assertUnavailable(call: Promise<unknown>, cause: RegExp, title?: string): Promise<void> {
  await assert.rejects(
    call,
    (error) => {
      assert.ok(error instanceof CacheUnavailableError, String(error));
      assert.match(error.message, /memcached server 127\.0\.0\.1:\d+/);
      assert.match(String(error.cause), cause);
      return true;
    },
    title,
  );
}

/** Resolves when a call succeeds again. */
async function recovered(cache: MemcachedCache): Promise<void> {
  for (;;) {
    try {
      await cache.has('k');
      return;
    } catch (error) {
      assert.ok(error instanceof CacheUnavailableError);
      await pause(10);
    }
  }
}

/** The connections that a server has, beside the one that asks. */
async function connections(server: MemcachedServer): Promise<number> {
  const stats = await server.command(['stats'], /END\r\n$/);
  return Number(/curr_connections (\d+)/.exec(stats)?.[1]);
}

needs('memcached', () => {
  describe('when memcached fails', () => {
    const servers: MemcachedServer[] = [];
    const opened: MemcachedCache[] = [];

    async function start(): Promise<MemcachedServer> {
      const server = await MemcachedServer.start();
      servers.push(server);
      return server;
    }

    function open(server: MemcachedServer, options: MemcachedCacheOptions = {}): MemcachedCache {
      const cache = new MemcachedCache({ url: server.url, commandTimeout: '1m', ...options });
      opened.push(cache);
      return cache;
    }

    afterEach(async () => {
      for (const server of servers.splice(0)) await server.stop();
      for (const cache of opened.splice(0)) await cache.close();
    });

    it('down at the start: every call rejects with the cause, and succeeds when the server is there', async () => {
      const server = await start();
      await server.kill('SIGKILL');
      const cache = open(server);
      for (const [name, call] of Object.entries(CALLS)) await assertUnavailable(call(cache), /ECONNREFUSED/, name);
      assert.equal((await cache.stats()).errors, Object.keys(CALLS).length);
      await server.restart();
      await recovered(cache);
      await cache.set('k', 1);
      assert.equal(await cache.get('k'), 1);
    });

    it('killed in mid-operation: who waits is told, and a restarted server is used again', async () => {
      const server = await start();
      const cache = open(server, { commandTimeout: '1m' });
      await cache.set('k', 1);
      await server.kill('SIGSTOP');
      const waiting = Object.values(CALLS).map((call) => assertUnavailable(call(cache), /closed|ECONNRESET|EPIPE/));
      await server.kill('SIGKILL');
      await Promise.all(waiting);
      await server.restart();
      await recovered(cache);
      assert.equal(await cache.get('k'), undefined);
      await cache.set('k', 2);
      assert.equal(await cache.get('k'), 2);
    });

    it('restarted while nobody waits: the next calls go to the new one', async () => {
      const server = await start();
      const cache = open(server);
      await cache.set('k', 1);
      await server.restart();
      await recovered(cache);
      await cache.set('k', 2);
      assert.equal(await cache.get('k'), 2);
    });

    it('hanging: the first timeout ends all who wait, and from then on calls fail at once', async () => {
      const server = await start();
      const cache = open(server, { commandTimeout: 200 });
      const patient = open(server, { commandTimeout: '1m' });
      await cache.set('k', 1);
      await server.kill('SIGSTOP');
      const waiting = Array.from({ length: 100 }, () => assertUnavailable(cache.get('k'), /no answer within 200 ms/));
      // It would wait a minute: but the connection is given up.
      waiting.push(assertUnavailable(patient.get('k'), /no answer within 200 ms/));
      await Promise.all(waiting);
      for (const call of Object.values(CALLS)) await assert.rejects(call(patient), UNAVAILABLE);
      await server.kill('SIGCONT');
      await recovered(cache);
      assert.equal(await patient.get('k'), 1);
    });

    it('hanging before the first call: calls are told, too', async () => {
      const server = await start();
      await server.kill('SIGSTOP');
      const cache = open(server, { commandTimeout: 100 });
      await assertUnavailable(cache.get('k'), /no answer within 100 ms/);
      await assert.rejects(open(server, { keyPrefix: 'p', commandTimeout: 100 }).clear(), UNAVAILABLE);
      await server.kill('SIGCONT');
      await recovered(cache);
    });

    it('hanging while clear() lists the keys', async () => {
      const server = await start();
      const cache = open(server, { keyPrefix: 'p', commandTimeout: 100 });
      await cache.set('k', 1);
      await server.kill('SIGSTOP');
      await assert.rejects(cache.clear(), UNAVAILABLE);
      await server.kill('SIGCONT');
      await recovered(cache);
      assert.equal(await cache.get('k'), 1);
      await cache.clear();
      assert.equal(await cache.has('k'), false);
    });

    it('no more than 10,000 calls wait; the others are refused at once', async () => {
      const server = await start();
      const cache = open(server, { commandTimeout: '1m' });
      await cache.set('k', 1);
      await server.kill('SIGSTOP');
      let settled = 0;
      const waiting = Array.from({ length: 10_000 }, () =>
        cache.get('k').finally(() => {
          settled++;
        }),
      );
      const all = Promise.allSettled(waiting);
      await assert.rejects(cache.get('k'), { ...UNAVAILABLE, message: /10000 calls waiting/ });
      assert.equal(settled, 0);
      await server.kill('SIGCONT');
      assert.ok((await all).every((result) => result.status === 'fulfilled' && result.value === 1));
      assert.equal(await cache.get('k'), 1);
    });

    it('with failOpen reads miss and writes are dropped, and are counted', async () => {
      const server = await start();
      await server.kill('SIGKILL');
      const cache = open(server, { failOpen: true });
      assert.equal(await cache.get('k', { default: 'none' }), 'none');
      assert.deepStrictEqual(await cache.getMany(['k']), new Map());
      assert.equal(await cache.set('k', 1), undefined);
      assert.deepStrictEqual(await cache.setMany({ k: 1 }), ['k']);
      assert.equal(await cache.add('k', 1), false);
      assert.equal(await cache.delete('k'), false);
      assert.equal(await cache.getOrSet('k', () => 'made'), 'made');
      assert.equal(await cache.clear(), undefined);
      await assert.rejects(cache.incr('k'), { code: 'ERR_LOCMEM_KEY_NOT_FOUND' });
      const { errors, sets, hits } = await cache.stats();
      assert.deepStrictEqual({ errors, sets, hits }, { errors: 10, sets: 0, hits: 0 });
    });

    it('a server that is down costs the keys that it keeps, and those alone', async () => {
      const [up, down] = [await start(), await start()];
      const cache = new MemcachedCache({ urls: [up.url, down.url], commandTimeout: '1m' });
      opened.push(cache);
      const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
      await cache.setMany(new Map(keys.map((key) => [key, key])));
      await down.kill('SIGKILL');
      const results = await Promise.allSettled(keys.map((key) => cache.get(key)));
      const found = results.filter(({ status }) => status === 'fulfilled').length;
      assert.ok(found > 10 && found < 90, `${found} of 100`);
      await assert.rejects(cache.getMany(keys), UNAVAILABLE);
    });

    it('with failOpen, so it does for the calls of many keys: the others are found, stored, deleted', async () => {
      const [up, down] = [await start(), await start()];
      const cache = new MemcachedCache({ urls: [up.url, down.url], commandTimeout: '1m', failOpen: true });
      opened.push(cache);
      const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
      const all = (value: string) => new Map(keys.map((key) => [key, value]));
      assert.deepStrictEqual(await cache.setMany(all('before')), []);
      await down.kill('SIGKILL');
      const found = [...(await cache.getMany(keys)).keys()];
      assert.ok(found.length > 10 && found.length < 90, `${found.length} of 100`);
      const lost = keys.filter((key) => !found.includes(key));
      assert.deepStrictEqual(await cache.setMany(all('after')), lost);
      const loaded: string[][] = [];
      const load = (missing: string[]) => {
        loaded.push(missing);
        return new Map(missing.map((key) => [key, 'made']));
      };
      const values = await cache.getOrSetMany(keys, load);
      assert.deepStrictEqual(loaded, [lost]);
      for (const key of keys) assert.equal(values.get(key), lost.includes(key) ? 'made' : 'after');
      const { hits, misses, sets, errors } = await cache.stats();
      assert.deepStrictEqual(
        { hits, misses, sets, errors },
        { hits: 2 * found.length, misses: 2 * lost.length, sets: 100 + found.length, errors: 4 },
      );
      // Their leases may be on the server that is down.
      assert.equal(await cache.deleteMany(found), found.length);
      assert.equal((await cache.getMany(keys)).size, 0);
    });

    it('what does not speak the protocol is a server that is down', async () => {
      const greetings = [
        'HTTP/1.1 400 Bad Request\r\n\r\n',
        "-ERR unknown command 'get'\r\n",
        'VALUE k 0 3\r\ntoo long\r\nEND\r\n',
        'VALUE k 0 -5\r\n\r\n',
        'VALUE k 0 99999999999\r\n',
        'VALUE\r\n',
        'END\r\nEND\r\nEND\r\n',
        '\r\n\r\n\r\n',
        'x'.repeat(100_000),
      ];
      const sockets: Socket[] = [];
      let greeting = '';
      const stranger = createServer((socket) => {
        sockets.push(socket);
        socket.on('error', () => {});
        socket.once('data', () => socket.write(greeting));
      }).listen(0, '127.0.0.1');
      await once(stranger, 'listening');
      const url = `memcached://127.0.0.1:${(stranger.address() as { port: number }).port}`;
      for (greeting of greetings) {
        const cache = new MemcachedCache({ url, commandTimeout: 100 });
        const calls = [cache.get('k'), cache.get('k'), cache.set('k', 1)];
        const refused = (await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected');
        for (const { reason } of refused as PromiseRejectedResult[]) assert.ok(reason instanceof CacheUnavailableError);
        assert.ok(refused.length >= 1, greeting.slice(0, 30));
        await cache.close();
      }
      for (const socket of sockets) socket.destroy();
      stranger.close();
    });

    it('caches at the same servers share a connection; after the last close none is left', async () => {
      const server = await start();
      const before = await connections(server);
      const caches = [open(server), open(server, { keyPrefix: 'p' }), open(server, { commandTimeout: '2s' })];
      for (const cache of caches) await cache.set('k', 1);
      assert.equal(await connections(server), before + 1);
      await caches[2].clear();
      await caches[1].clear();
      while ((await connections(server)) > before + 1) await pause(10);
      for (const cache of caches) await cache.close();
      while ((await connections(server)) > before) await pause(10);
    });

    it('close() lets who waits have the answer', async () => {
      const server = await start();
      const cache = open(server, { commandTimeout: '1m' });
      const results = [cache.set('k', 1), cache.get('k'), cache.incr('k'), cache.getMany(['k'])];
      await cache.close();
      assert.deepStrictEqual(await Promise.all(results), [undefined, 1, 2, new Map([['k', 2]])]);
    });

    describe('a program that only uses the cache ends by itself', () => {
      const program = (url: string, code: string) => `
      const { MemcachedCache } = await import('locmem');
      const cache = new MemcachedCache({ url: '${url}', commandTimeout: 300 });
      const told = (promise) => promise.then((value) => console.log('value', value), ({ code }) => console.log(code));
      ${code}
    `;

      it('when the server is there', async () => {
        const server = await start();
        const source = program(server.url, `await cache.set('k', 5); void told(cache.get('k'));`);
        assert.deepStrictEqual(await runProgram(source), { stdout: 'value 5\n', stderr: '', exit: 0 });
      });

      it('when the server is down', async () => {
        const server = await start();
        await server.kill('SIGKILL');
        const source = program(server.url, `await told(cache.get('k')); void told(cache.get('k'));`);
        const unavailable = 'ERR_LOCMEM_UNAVAILABLE\n';
        assert.deepStrictEqual(await runProgram(source), { stdout: unavailable.repeat(2), stderr: '', exit: 0 });
      });

      it('when the server hangs: a call that waits is answered first', async () => {
        const server = await start();
        await server.kill('SIGSTOP');
        const source = program(server.url, `void told(cache.get('k')); void told(cache.set('k', 1));`);
        const unavailable = 'ERR_LOCMEM_UNAVAILABLE\n';
        assert.deepStrictEqual(await runProgram(source), { stdout: unavailable.repeat(2), stderr: '', exit: 0 });
      });
    });
  });
});

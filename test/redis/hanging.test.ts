import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CacheUnavailableError, RedisCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';
import { FakeServer } from './fake-server.js';
import { proxyTo } from './proxy.js';
import { codesOf, ended, settle } from './settle.js';
import { hearsAllRejections } from './unhandled.js';

const UNAVAILABLE = 'ERR_LOCMEM_UNAVAILABLE';

needs('redis-server', () => {
  describe('a server that hangs', () => {
    hearsAllRejections();
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());

    it('ends the calls in time, then all at once, and no answer goes to the wrong call when it goes on', async () => {
      await using cache = new RedisCache({ url: server.url, commandTimeout: 200, keyPrefix: 'hang' });
      const own = (i: number) => `value of k${i}`;
      await until('it is connected to', async () => (await cache.get('k0')) === undefined);
      await cache.setMany(new Map(Array.from({ length: 200 }, (_, i) => [`k${i}`, own(i)])));
      for (let round = 0; round < 3; round++) {
        await server.kill('SIGSTOP');
        const outcomes = await settle(Array.from({ length: 200 }, (_, i) => cache.get(`k${i}`)));
        assert.deepStrictEqual(codesOf(outcomes), [UNAVAILABLE]);
        await assert.rejects(ended(cache.get('k0')), /commandTimeout/);
        await server.kill('SIGCONT');
        await until('the cache is used', async () => (await cache.has('k0')) || true);
        const values = await settle(Array.from({ length: 200 }, (_, i) => cache.get(`k${i}`)));
        assert.deepStrictEqual(
          values,
          Array.from({ length: 200 }, (_, i) => ({ value: own(i) })),
        );
      }
    });

    it('does not fill the memory of those who go on asking', async () => {
      await using cache = new RedisCache({ url: server.url, commandTimeout: 200, keyPrefix: 'fill' });
      await until('it is connected to', async () => (await cache.set('k', 'v')) === undefined);
      await server.kill('SIGSTOP');
      const value = 'x'.repeat(1000);
      const codes = new Set<string>();
      const note = (error: { code: string }) => codes.add(error.code);
      const loop = async () => {
        for (let i = 0; i < 10_000; i++) await cache.set(`k${i}`, value).catch(note);
      };
      // Once it is known to hang, each of these ends at once.
      assert.deepStrictEqual(codesOf(await settle([cache.get('k')])), [UNAVAILABLE]);
      await settle([cache.get('k')]);
      assert.deepStrictEqual(codesOf(await settle([loop(), loop()])), []);
      assert.deepStrictEqual([...codes], [UNAVAILABLE]);
      await server.kill('SIGCONT');
      await until('the cache is used', async () => (await cache.get('k')) === 'v');
    });

    it('takes a hundred thousand calls that wait, and refuses more at once', async () => {
      await using cache = new RedisCache({ url: server.url, commandTimeout: 2000, keyPrefix: 'most' });
      await cache.set('k', 'v');
      await server.kill('SIGSTOP');
      const waiting = Array.from({ length: 100_000 }, () => cache.get('k'));
      await assert.rejects(ended(cache.get('k')), (error) => {
        assert.ok(error instanceof CacheUnavailableError);
        assert.match(error.message, /100000 calls wait/);
        return true;
      });
      assert.deepStrictEqual(codesOf(await settle(waiting)), [UNAVAILABLE]);
      await server.kill('SIGCONT');
      await until('the cache is used', async () => (await cache.get('k')) === 'v');
    });
  });

  describe('what takes the connection and is no server', () => {
    hearsAllRejections();

    it('says nothing: calls end in time', async () => {
      const silent = await FakeServer.start(() => {});
      const cache = new RedisCache({ url: silent.url, commandTimeout: 200 });
      await assert.rejects(ended(cache.get('k')), /did not answer within 200 ms/);
      assert.deepStrictEqual(codesOf(await settle([cache.get('k'), cache.set('k', 1)])), [UNAVAILABLE]);
      await cache.close();
      await until('no connection is left', () => silent.open === 0);
      await silent.stop();
    });

    for (const [what, said] of [
      ['a web page', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'],
      ['noise', Buffer.from([0, 255, 13, 10, 1, 2, 3, 13, 10])],
      ['numbers without end', `:${'9'.repeat(100)}`],
      ['a length that is none', '$-7\r\nabc\r\n*-9\r\n'],
      ['more than was asked', '-ERR no\r\n'.repeat(1000)],
    ] as const) {
      it(`answers ${what}: calls end in time`, async () => {
        const liar = await FakeServer.start((socket) => {
          socket.on('data', () => socket.write(said));
        });
        const cache = new RedisCache({ url: liar.url, commandTimeout: 200 });
        assert.deepStrictEqual(codesOf(await settle([cache.get('k'), cache.set('k', 1)])), [UNAVAILABLE]);
        assert.deepStrictEqual(codesOf(await settle([cache.get('k'), cache.incr('k')])), [UNAVAILABLE]);
        await cache.close();
        await until('no connection is left', () => liar.open === 0);
        await liar.stop();
      });
    }
  });

  describe('a connection on the way to a server', () => {
    hearsAllRejections();
    let server: RedisServer;
    before(async () => {
      server = await RedisServer.start();
    });
    after(() => server.stop());

    it('that is cut in the middle of a reply costs that call, and the next has another', async () => {
      let isCutting = false;
      const proxy = await proxyTo(server.port, (bytes, cut) => {
        if (!isCutting || bytes.length < 1000) return bytes;
        isCutting = false;
        setImmediate(cut);
        return bytes.subarray(0, 700);
      });
      const cache = new RedisCache({ url: proxy.url, commandTimeout: 1000 });
      const long = 'x'.repeat(100_000);
      await cache.set('long', long);
      await cache.set('short', 'short');
      isCutting = true;
      const outcomes = await settle([cache.get('long'), cache.get('short'), cache.get('long')]);
      assert.deepStrictEqual(codesOf(outcomes), [UNAVAILABLE]);
      await until('the cache is used', async () => (await cache.get('short')) === 'short');
      assert.deepStrictEqual(await settle([cache.get('long')]), [{ value: long }]);
      await cache.close();
      await proxy.stop();
    });

    it('that brings garbage after good answers is given up for another', async () => {
      let isLying = false;
      const proxy = await proxyTo(server.port, (bytes) => (isLying ? Buffer.from('?what\r\n\x00') : bytes));
      const cache = new RedisCache({ url: proxy.url, commandTimeout: 200 });
      await until('it is connected to', async () => (await cache.set('k', 'v')) === undefined);
      isLying = true;
      const outcomes = await settle([cache.get('k'), cache.get('k'), cache.has('k')]);
      assert.deepStrictEqual(codesOf(outcomes), [UNAVAILABLE]);
      isLying = false;
      await until('the cache is used', async () => (await cache.get('k')) === 'v');
      await cache.close();
      await proxy.stop();
    });
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import {
  CacheError,
  type InvalidKeyError,
  MemcachedCache,
  type MemcachedCacheOptions,
  ValueTooLargeError,
} from 'locmem';
import { MemcacheClient } from 'memcache-client';
import { runProgram } from '../child-program.js';
import { ManualClock } from '../conformance/manual-clock.js';
import { MemcachedServer } from '../servers/memcached-server.js';
import { needs } from '../servers/needs.js';

/** Where the answer to most commands ends. */
const LINE = /\r\n$/;

const DAY = 86_400_000;

needs('memcached', () => {
  describe('entries on memcached', () => {
    let server: MemcachedServer;
    const opened: MemcachedCache[] = [];

    before(async () => {
      server = await MemcachedServer.start();
    });
    after(() => server.stop());
    afterEach(async () => {
      for (const cache of opened.splice(0)) await cache.close();
      await server.command(['flush_all'], LINE);
    });

    function open(options: Omit<MemcachedCacheOptions, 'url'> = {}): MemcachedCache {
      const cache = new MemcachedCache({ url: server.url, commandTimeout: '1m', ...options });
      opened.push(cache);
      return cache;
    }

    /** What the server keeps at a key: its bytes. */
    async function stored(name: string): Promise<string | undefined> {
      const answer = await server.command([`get ${name}`], /END\r\n$/);
      return /^VALUE [^\r]+\r\n([\s\S]*)\r\nEND/.exec(answer)?.[1];
    }

    /** The seconds that the server gives it; -1 is for ever. */
    async function serverSeconds(name: string): Promise<number> {
      return Number(/t(-?\d+)/.exec(await server.command([`mg ${name} t`], LINE))?.[1]);
    }

    describe('keys', () => {
      it('of more than 250 bytes as stored, with white space or control characters are refused', async () => {
        const cache = open();
        for (const key of [
          'k'.repeat(248),
          'ü'.repeat(124),
          'a b',
          'a\tb',
          'a\nb',
          'a\r\nset x 0 0 1',
          '\0',
          '\x7f',
          ' ',
        ]) {
          for (const call of [
            () => cache.get(key),
            () => cache.set(key, 1),
            () => cache.add(key, 1),
            () => cache.getMany(['fine', key]),
            () => cache.setMany({ fine: 1, [key]: 1 }),
            () => cache.deleteMany(['fine', key]),
            () => cache.incr(key),
            () => cache.touch(key),
            () => cache.getOrSet(key, () => 1),
          ]) {
            await assert.rejects(call, { name: 'InvalidKeyError', code: 'ERR_LOCMEM_INVALID_KEY' });
          }
        }
        assert.equal(await cache.has('fine'), false);
        await assert.rejects(cache.get('k'.repeat(248)), (error) =>
          /251 bytes.*250/.test((error as InvalidKeyError).message),
        );
      });

      it('of 250 bytes are taken, and any other text', async () => {
        const cache = open();
        for (const key of [
          'k'.repeat(247),
          'ü'.repeat(123),
          '鍵',
          '🔑',
          '\u00a0',
          '\u2028',
          '%20',
          '__proto__',
          'a,b;c"d\'',
        ]) {
          await cache.set(key, key);
          assert.deepStrictEqual([await cache.get(key), (await cache.getMany([key])).get(key)], [key, key]);
        }
      });
    });

    describe('ttls', () => {
      it('are told to the server in seconds, rounded up; beyond 30 days as a moment', async () => {
        const cache = open();
        for (const [ttl, least, most] of [
          [1, 0, 2],
          [10_000, 9, 11],
          ['5m', 299, 301],
          ['30d', 30 * 86_400 - 60, 30 * 86_400 + 5],
          ['31d', 31 * 86_400 - 60, 31 * 86_400 + 5],
          ['365d', 365 * 86_400 - 60, 365 * 86_400 + 5],
        ] as const) {
          await cache.set('k', 'v', ttl);
          const seconds = await serverSeconds(':1:k');
          assert.ok(seconds >= least && seconds <= most, `${ttl}: ${seconds} s`);
          if (ttl !== 1) assert.equal(await cache.get('k'), 'v', String(ttl));
        }
        for (const ttl of [null, 100 * 365 * DAY]) {
          await cache.set('k', 'v', ttl);
          assert.equal(await serverSeconds(':1:k'), -1);
          assert.equal(await cache.touch('k', '1h'), true);
          assert.ok((await serverSeconds(':1:k')) > 3500);
        }
      });

      it('are kept by incr, decr and moves, for the server too', async () => {
        const cache = open();
        await cache.set('n', 10, '1h');
        await cache.incr('n');
        await cache.decr('n', 20);
        await cache.incr('n', 0.5);
        await cache.incrVersion('n');
        const seconds = await serverSeconds(':2:n');
        assert.ok(seconds > 3500 && seconds <= 3601, `${seconds} s`);
        assert.equal(await stored(':2:n'), '-8.5');
      });

      it('can be read with the value: never longer than what is left', async () => {
        const clock = new ManualClock();
        const cache = open({ clock });
        await cache.setMany({ a: 1, b: 'text' }, 90_000);
        await cache.set('ever', 1, null);
        await server.command(['set :1:foreign 0 50 1', '7'], LINE);
        clock.advance(30_500);
        // As TieredCache asks.
        const { engine } = cache as unknown as { engine: { readTimed(ats: object[]): Promise<unknown[]> } };
        const ats = ['a', 'missing', 'b', 'ever', 'foreign'].map((key) => ({ key, version: 1, name: `:1:${key}` }));
        assert.deepStrictEqual(await engine.readTimed(ats), [
          { value: 1, ttl: 59_500 },
          undefined,
          { value: 'text', ttl: 59_500 },
          { value: 1, ttl: Number.POSITIVE_INFINITY },
          { value: 7, ttl: 0 },
        ]);
      });

      it('what is over is over, although the server still has it', async () => {
        const clock = new ManualClock();
        const cache = open({ clock });
        await cache.setMany({ a: 1, b: 2 }, 1000);
        clock.advance(1000);
        assert.equal(await stored(':1:a'), '1');
        assert.deepStrictEqual(await cache.getMany(['a', 'b']), new Map());
        assert.equal(await cache.deleteMany(['a']), 0);
        assert.equal(await stored(':1:a'), undefined);
        assert.equal(await cache.add('b', 'new', 500), true);
        assert.equal(await cache.get('b'), 'new');
      });
    });

    describe('numbers', () => {
      it('are plain decimal text, which the server counts itself', async () => {
        const cache = open();
        await cache.set('n', 41);
        assert.equal(await server.command(['incr :1:n 1'], LINE), '42\r\n');
        assert.equal(await cache.get('n'), 42);
        assert.equal(await cache.incr('n', 8), 50);
        assert.equal(await stored(':1:n'), '50');
        // It leaves blanks where the number was longer.
        assert.equal(await server.command(['decr :1:n 45'], LINE), '5\r\n');
        assert.equal(await cache.get('n'), 5);
        assert.equal(await cache.incr('n'), 6);
      });

      it('below zero, fractions and what the server cannot count come out as in JavaScript', async () => {
        const cache = open();
        for (const [start, delta] of [
          [5, -7],
          [-7, 10],
          [-7, 3],
          [0.5, 1],
          [1, 0.25],
          [-0, 3],
          [2 ** 53, 2],
          [1e21, 1e21],
          [1, -1e300],
          [1e308, 1e308],
          [Number.NaN, 1],
          [Number.NEGATIVE_INFINITY, 1],
        ] as const) {
          await cache.set('n', start, '1h');
          assert.equal(await cache.incr('n', delta), start + delta, `${start} + ${delta}`);
          assert.equal(await cache.get('n'), start + delta, `${start} + ${delta}`);
        }
      });

      it('that are more than the server can count go on growing', async () => {
        const cache = open();
        // What stands there is the shortest text that means the number: the sum may be the next one.
        await cache.set('n', 2 ** 64 - 2 ** 11, '1h');
        const sum = await cache.incr('n', 2 ** 13);
        assert.ok(Math.abs(sum - (2 ** 64 - 2 ** 11 + 2 ** 13)) <= 2 ** 12, String(sum));
        assert.equal(await cache.get('n'), sum);
      });

      it('that other programs have stored keep the ttl that those gave them', async () => {
        const cache = open();
        await server.command(['set :1:n 2 500 3', '1.5'], LINE);
        assert.equal(await cache.incr('n', 1), 2.5);
        const seconds = await serverSeconds(':1:n');
        assert.ok(seconds > 400 && seconds <= 501, `${seconds} s`);
        await server.command(['set :1:n 2 0 2', '-1'], LINE);
        assert.equal(await cache.decr('n'), -2);
        assert.equal(await serverSeconds(':1:n'), -1);
      });

      it('lose no step, however many processes count up, down and in fractions', async () => {
        const cache = open();
        await cache.set('n', 0);
        const source = `
        const { MemcachedCache } = await import('locmem');
        const cache = new MemcachedCache({ url: '${server.url}', commandTimeout: '20s' });
        for (let i = 0; i < 50; i++) {
          await Promise.all([cache.incr('n', 3), cache.decr('n'), cache.incr('n', 0.5), cache.decr('n', 0.25), cache.incr('n')]);
        }
        await cache.close();
      `;
        for (const { stderr, exit } of await Promise.all([1, 2, 3].map(() => runProgram(source)))) {
          assert.deepStrictEqual({ stderr, exit }, { stderr: '', exit: 0 });
        }
        assert.equal(await cache.get('n'), 3 * 50 * (3 - 1 + 0.5 - 0.25 + 1));
      });

      it('many steps of one process at once do not keep each other waiting', async () => {
        const cache = open();
        await cache.set('n', 0);
        const sums = await Promise.all(Array.from({ length: 500 }, () => cache.decr('n')));
        assert.deepStrictEqual(
          sums.sort((a, b) => b - a),
          Array.from({ length: 500 }, (_, i) => -1 - i),
        );
      });
    });

    describe('values that the server does not take', () => {
      const large = Buffer.alloc(2_000_000, 1);

      it('are a ValueTooLargeError; memcached drops the old value', async () => {
        const cache = open();
        await cache.set('k', 'old');
        await assert.rejects(cache.set('k', large), (error) => {
          assert.ok(error instanceof ValueTooLargeError);
          assert.match(error.message, /':1:k'.*item limit/);
          return true;
        });
        assert.equal(await cache.has('k'), false);
        await assert.rejects(cache.add('k', large), ValueTooLargeError);
        assert.equal(await cache.get('k'), undefined);
      });

      it('are the keys that setMany answers; the others are stored', async () => {
        const cache = open();
        assert.deepStrictEqual(await cache.setMany({ a: 1, b: large, c: 3, d: large }), ['b', 'd']);
        assert.deepStrictEqual([...(await cache.getMany(['a', 'b', 'c', 'd'])).keys()], ['a', 'c']);
        assert.equal((await cache.stats()).sets, 2);
      });

      it('are handed out by getOrSet, and not stored', async () => {
        const cache = open();
        assert.deepStrictEqual(await cache.getOrSet('k', () => large), large);
        assert.equal(await cache.has('k'), false);
      });

      it('may fit when they are compressed', async () => {
        const cache = open({ compression: 'gzip' });
        const text = Array.from({ length: 200_000 }, (_, i) => `line ${i % 1000}`).join();
        await cache.set('k', text);
        assert.equal(await cache.get('k'), text);
      });
    });

    it('bytes of any kind come back, in pieces as the network cuts them', async () => {
      const cache = open();
      const bytes = Buffer.from(Array.from({ length: 900_000 }, (_, i) => (i * 7) % 256));
      const tricky = Buffer.from('\r\nEND\r\nVALUE k 0 5\r\nhello\r\nEND\r\n');
      await cache.setMany({ bytes, tricky, empty: Buffer.alloc(0), text: '\r\nEND\r\n' });
      const read = await Promise.all(
        Array.from({ length: 20 }, () => cache.getMany(['bytes', 'tricky', 'empty', 'text'])),
      );
      for (const map of read) {
        assert.deepStrictEqual([...map.values()], [bytes, tricky, Buffer.alloc(0), '\r\nEND\r\n']);
      }
    });

    it('what other programs stored, and is no value of ours, is a miss', async () => {
      const cache = open();
      await server.command(['set :1:k 1 0 4', '\x80\x04N.'], LINE);
      assert.equal(await cache.get('k'), undefined);
      await assert.rejects(cache.incr('k'), { code: 'ERR_LOCMEM_KEY_NOT_FOUND' });
      await cache.set('k', 1);
      assert.equal(await cache.get('k'), 1);
    });

    it('thousands of keys at once', async () => {
      const cache = open();
      const entries = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, `value ${i}`]));
      assert.deepStrictEqual(await cache.setMany(entries), []);
      assert.deepStrictEqual(Object.fromEntries(await cache.getMany(Object.keys(entries))), entries);
      assert.equal(await cache.deleteMany([...Object.keys(entries), 'missing']), 5000);
      assert.equal((await cache.getMany(Object.keys(entries))).size, 0);
    });

    it('takes the servers of a MemcacheClient, which stays open', async () => {
      const client = new MemcacheClient({ server: `127.0.0.1:${server.port}` });
      const cache = new MemcachedCache({ client, commandTimeout: '1m' });
      await cache.set('k', 1);
      await cache.close();
      const { value } = await client.get<string>(':1:k');
      assert.equal(value, '1');
      client.shutdown();
    });

    describe('clear with a prefix', () => {
      it('deletes its keys on every server, and no others', async () => {
        const second = await MemcachedServer.start();
        try {
          const urls = [server.url, second.url];
          await using p = new MemcachedCache({ urls, keyPrefix: 'p', commandTimeout: '1m' });
          await using pp = new MemcachedCache({ urls, keyPrefix: 'pp', commandTimeout: '1m' });
          const entries = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`ключ${i}`, i]));
          await p.setMany(entries);
          await pp.setMany(entries);
          await using lease = new MemcachedCache({ urls, keyPrefix: 'p:lease', commandTimeout: '1m' });
          await p.setMany({ a: 1 }, { version: -7 });
          await lease.set('a', 1);
          await server.command(['set p:other:program 0 0 1', 'x'], LINE);
          await p.clear();
          assert.equal((await p.getMany(Object.keys(entries))).size, 0);
          assert.equal(await p.has('a', { version: -7 }), false);
          assert.equal((await pp.getMany(Object.keys(entries))).size, 3000);
          assert.equal(await lease.get('a'), 1);
          assert.equal(await stored('p:other:program'), 'x');
        } finally {
          await second.stop();
        }
      });

      it('finds keys that were read a moment ago, too, however often', async () => {
        const cache = open({ keyPrefix: 'p' });
        for (let i = 0; i < 20; i++) {
          await cache.setMany({ a: 1, b: 2 });
          await Promise.all([1, 2, 3].map(() => cache.getMany(['a', 'b'])));
          await cache.clear();
          assert.equal((await cache.getMany(['a', 'b'])).size, 0);
        }
      });

      it('asks a server of before 1.6.9 in the older way', async () => {
        const asked: string[] = [];
        const stored = new Set(['p:1:k', 'pp:1:k']);
        const old = createServer((socket) => {
          socket.setEncoding('utf8').on('data', (text: unknown) => {
            for (const line of String(text).split('\r\n').slice(0, -1)) {
              const [command, argument, what] = line.split(' ');
              asked.push(line);
              if (what === 'hash') socket.write('BADCLASS invalid class id\r\n');
              else if (what === 'all') {
                socket.write(
                  `${[...stored].map((name) => `key=${encodeURIComponent(name)} exp=-1\n`).join('')}END\r\n`,
                );
              } else if (command === 'delete') socket.write(stored.delete(argument) ? 'DELETED\r\n' : 'NOT_FOUND\r\n');
            }
          });
        }).listen(0, '127.0.0.1');
        await once(old, 'listening');
        const url = `memcached://127.0.0.1:${(old.address() as { port: number }).port}`;
        await using cache = new MemcachedCache({ url, keyPrefix: 'p', commandTimeout: '1m' });
        await cache.clear();
        assert.deepStrictEqual([...stored], ['pp:1:k']);
        const dumps = ['lru_crawler metadump hash', 'lru_crawler metadump all'];
        assert.deepStrictEqual(asked, [...dumps, 'delete p:1:k', ...dumps]);
        old.close();
      });

      it('several at once wait for each other', async () => {
        const caches = ['a', 'b', 'c', 'd'].map((keyPrefix) => open({ keyPrefix }));
        for (const cache of caches) await cache.setMany({ x: 1, y: 2 });
        await Promise.all(caches.map((cache) => cache.clear()));
        for (const cache of caches) assert.equal((await cache.getMany(['x', 'y'])).size, 0);
      });

      it('is an error that says so where the server does not name its keys', async () => {
        const silent = await MemcachedServer.start();
        try {
          await using cache = new MemcachedCache({ url: silent.url, keyPrefix: 'p', commandTimeout: '1m' });
          await cache.set('k', 1);
          assert.equal(await silent.command(['lru_crawler disable'], LINE), 'OK\r\n');
          await assert.rejects(cache.clear(), (error) => {
            assert.ok(error instanceof CacheError);
            assert.match(error.message, /does not name its keys.*lru_crawler/);
            return true;
          });
          assert.equal(await cache.get('k'), 1);
        } finally {
          await silent.stop();
        }
      });
    });
  });
});

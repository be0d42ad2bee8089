import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { after, before, describe, it, mock } from 'node:test';
import type { Clock } from 'locmem';
import { readCacheOptions } from '#dist/core/cache-options.js';
import type { EntryExtras } from '#dist/core/entry-extras.js';
import { readEncodingOptions } from '#dist/encoding/encoding-options.js';
import { ValueCodec } from '#dist/encoding/value-codec.js';
import { MemcachedLeaseServer } from '#dist/memcached/lease-server.js';
import { MemcachedEngine } from '#dist/memcached/memcached-engine.js';
import { readMemcachedOptions } from '#dist/memcached/memcached-options.js';
import { at, engineExtras, tagged } from '../conformance/engine-extras.js';
import { ManualClock } from '../conformance/manual-clock.js';
import { MemcachedServer } from '../servers/memcached-server.js';
import { needs } from '../servers/needs.js';
import { until } from '../servers/until.js';

const LINE = /\r\n$/;

function open(servers: readonly MemcachedServer[], clock?: Clock): MemcachedEngine {
  const urls = servers.map(({ url }) => url);
  const settings = readMemcachedOptions({ urls, commandTimeout: '1m', ...(clock && { clock }) });
  const codec = new ValueCodec(readEncodingOptions({}));
  return new MemcachedEngine(readCacheOptions({ keyPrefix: 'app' }), settings, codec);
}

const HOLDER = `
  import { readCacheOptions } from './dist/core/cache-options.js';
  import { readEncodingOptions } from './dist/encoding/encoding-options.js';
  import { ValueCodec } from './dist/encoding/value-codec.js';
  import { MemcachedEngine } from './dist/memcached/memcached-engine.js';
  import { readMemcachedOptions } from './dist/memcached/memcached-options.js';
  const engine = new MemcachedEngine(
    readCacheOptions({ keyPrefix: 'app' }),
    readMemcachedOptions({ url: process.env.SERVER, commandTimeout: '1m' }),
    new ValueCodec(readEncodingOptions({})),
  );
  const at = { key: 'k', version: 1, name: 'app:1:k' };
  await engine.takeLease(at);
  console.log('taken');
  for await (const line of process.stdin) {
    await engine.writeLoaded(at, engine.seal('late'), 60_000);
    console.log('stored, or not');
    break;
  }
  await engine.close();
`;

needs('memcached', () => {
  const servers: MemcachedServer[] = [];
  const children: ChildProcess[] = [];
  before(async () => {
    for (let i = 0; i < 2; i++) servers.push(await MemcachedServer.start());
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    for (const server of servers) await server.stop();
  });

  const flush = () => Promise.all(servers.map((server) => server.command(['flush_all'], LINE)));

  for (const count of [1, 2]) {
    engineExtras(`MemcachedEngine, servers: ${count}`, async () => {
      await flush();
      const clock = new ManualClock();
      const opened: MemcachedEngine[] = [];
      return {
        async open() {
          const engine = open(servers.slice(0, count), clock);
          opened.push(engine);
          return engine;
        },
        advance: (milliseconds) => clock.advance(milliseconds),
        async close() {
          for (const engine of opened) await engine.close();
        },
      };
    });
  }

  describe('MemcachedEngine: what is on the server', () => {
    let engine: MemcachedEngine;
    let server: MemcachedServer;

    before(async () => {
      await flush();
      server = servers[0]!;
      engine = open([server]);
    });
    after(() => engine.close());

    it('is the value alone, where there are no extras', async () => {
      await engine.write(at('n'), engine.seal(41), 60_000);
      assert.equal(await engine.increase(at('n'), 1), 42);
      assert.match(await server.command(['get app:1:n'], /END\r\n$/), /^VALUE app:1:n \d+ 2\r\n42\r\n/);
    });

    it('is kept for as long as it may be stale', async () => {
      const extras: EntryExtras = { staleFor: 1_000_000, loadTime: 1, tags: [] };
      await engine.write(at('a'), engine.seal('x'), 500_000, extras);
      const seconds = async () => Number(/^HD t(\d+)/.exec(await server.command(['mg app:1:a t'], LINE))?.[1]);
      assert.ok((await seconds()) > 1400 && (await seconds()) <= 1501);
      await engine.renew(at('a'), 500_000, 2_000_000);
      assert.ok((await seconds()) > 2400 && (await seconds()) <= 2501);
      await engine.prolong(at('a'), 1_500_000);
      assert.ok((await seconds()) > 3400 && (await seconds()) <= 3501);
    });

    it('kills the entries of a tag whose key was evicted', async () => {
      await engine.write(at('a'), engine.seal('x'), 60_000, { staleFor: 1000, loadTime: 0, tags: ['t'] });
      await server.command(['delete app:tag:t'], LINE);
      assert.equal(await engine.recall(at('a')), undefined);
      await engine.write(at('b'), engine.seal('y'), 60_000, tagged('t'));
      assert.equal(await engine.read(at('a')), undefined);
      assert.equal(await engine.read(at('b')), 'y');
    });

    it('takes any tag, also such as cannot be a key', async () => {
      const tags = ['with space', 'ü'.repeat(300), 'line\nbreak', '\0'];
      await engine.write(at('a'), engine.seal('x'), 60_000, tagged(...tags));
      assert.equal(await engine.read(at('a')), 'x');
      assert.deepEqual((await engine.recall(at('a')))?.tags, tags);
      await engine.removeTags(tags.slice(2, 3));
      assert.equal(await engine.read(at('a')), undefined);
    });

    it('is missing, where it only looks as if it were ours', async () => {
      for (const bytes of ['\f', '\f\0\0\0', `\f\0\0\0\x19${'\0'.repeat(20)}`, `\f\0\0\0\x19${'\x7f'.repeat(40)}`]) {
        await server.command([`set app:1:k 0 0 ${bytes.length}`, bytes], LINE);
        assert.equal(await engine.read(at('k')), undefined);
        assert.equal(await engine.recall(at('k')), undefined);
        assert.equal(await engine.increase(at('k'), 1), undefined);
      }
    });

    it('is one version, whoever makes it first', async () => {
      const engines = Array.from({ length: 8 }, () => open([server]));
      for (let round = 0; round < 20; round++) {
        await Promise.all(engines.map((own, i) => own.write(at(`${i}`), own.seal(i), 60_000, tagged(`t${round}`))));
        const ats = engines.map((_, i) => at(`${i}`));
        assert.deepEqual(await engine.readMany(ats), [...engines.keys()]);
      }
      for (const own of engines) await own.close();
    });
  });

  describe('MemcachedEngine: leases', () => {
    async function holder() {
      await flush();
      const child = spawn(process.execPath, ['--input-type=module', '--eval', HOLDER], {
        env: { ...process.env, SERVER: servers[0]!.url },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.push(child);
      const [said] = (await event(child.stdout!, 'data')) as [Buffer];
      assert.equal(String(said), 'taken\n');
      return child;
    }

    it('are held by one, and are anyone’s when they are given back', async () => {
      await flush();
      const engine = open(servers);
      const lease = await engine.takeLease(at('k'));
      assert.ok(lease);
      assert.equal(await engine.takeLease(at('k')), undefined);
      await lease.release();
      assert.ok(await engine.takeLease(at('k')));
      await lease.release();
      assert.equal(await engine.takeLease(at('k')), undefined);
      await engine.close();
      const next = open(servers);
      assert.ok(await next.takeLease(at('k')));
      await next.close();
    });

    it('end by themselves when their holder is killed, and not before', async () => {
      const child = await holder();
      const engine = open(servers.slice(0, 1));
      const end = Date.now() + 8000;
      await until('it would have ended', async () => {
        assert.equal(await engine.takeLease(at('k')), undefined);
        return Date.now() > end;
      });
      child.kill('SIGKILL');
      await until('the lease ends', async () => (await engine.takeLease(at('k'))) !== undefined);
      await engine.close();
    });

    it('that were lost let nothing be stored', async () => {
      const child = await holder();
      child.kill('SIGSTOP');
      const engine = open(servers.slice(0, 1));
      await until('the lease ends', async () => (await engine.takeLease(at('k'))) !== undefined);
      await engine.writeLoaded(at('k'), engine.seal('early'), 60_000);
      child.kill('SIGCONT');
      child.stdin!.write('go\n');
      await event(child.stdout!, 'data');
      assert.equal(await engine.read(at('k')), 'early');
      await engine.close();
    });

    it('let nothing stay that was on its way when they were lost, by a delete in between', async () => {
      await flush();
      const [engine, other] = [open(servers), open(servers)];
      const { isHeld } = MemcachedLeaseServer.prototype;
      for (const then of [undefined, 'newer']) {
        const lease = await engine.takeLease(at('k'));
        const looks = mock.method(
          MemcachedLeaseServer.prototype,
          'isHeld',
          async function (this: MemcachedLeaseServer, ...args: [string, string]) {
            looks.mock.restore();
            const held = await isHeld.apply(this, args);
            await other.remove(at('k'));
            if (then !== undefined) await other.write(at('k'), other.seal(then), 60_000);
            return held;
          },
        );
        assert.equal(await engine.storeLoaded(at('k'), engine.seal('older'), 60_000), false);
        assert.equal(await other.read(at('k')), then);
        await lease!.release();
        await other.remove(at('k'));
      }
      for (const one of [engine, other]) await one.close();
    });

    it('let their holder store', async () => {
      const child = await holder();
      child.stdin!.write('go\n');
      await event(child.stdout!, 'data');
      const engine = open(servers.slice(0, 1));
      assert.equal(await engine.read(at('k')), 'late');
      await until('it was given back', async () => (await engine.takeLease(at('k'))) !== undefined);
      await engine.writeLoaded(at('k'), engine.seal('tagged'), 60_000, tagged('t'));
      assert.equal(await engine.read(at('k')), 'tagged');
      await engine.close();
    });
  });
});

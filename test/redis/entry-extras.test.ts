import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once as event } from 'node:events';
import { after, before, describe, it } from 'node:test';
import type { RedisCacheOptions, Ttl } from 'locmem';
import { readCacheOptions } from '#dist/core/cache-options.js';
import { ValueCodec } from '#dist/encoding/value-codec.js';
import { LEASE_TIME } from '#dist/load/leases.js';
import { RedisEngine } from '#dist/redis/redis-engine.js';
import { readRedisOptions } from '#dist/redis/redis-options.js';
import { at, type EnginePlace, engineExtras, tagged } from '../conformance/engine-extras.js';
import { once, PATIENCE } from '../conformance/redis-place.js';
import { needs } from '../servers/needs.js';
import { RedisCluster } from '../servers/redis-cluster.js';
import { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';

/** As in another process: a different timeout makes a connection of its own. */
function open(where: RedisCacheOptions, commandTimeout: Ttl = PATIENCE): RedisEngine {
  const settings = readRedisOptions({ ...where, commandTimeout });
  return new RedisEngine(settings, readCacheOptions({ keyPrefix: 'app' }), new ValueCodec(settings.encoding));
}

/** ARGV: milliseconds, which are taken from what each key has left. */
const ADVANCE = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 then
    if left > tonumber(ARGV[1]) then redis.call('PEXPIRE', key, string.format('%.0f', left - ARGV[1]))
    else redis.call('DEL', key) end
  end
end`;

async function placeOn(servers: readonly RedisServer[], where: RedisCacheOptions): Promise<EnginePlace> {
  const opened: RedisEngine[] = [];
  const onAll = (...words: (string | number)[]) => Promise.all(servers.map((server) => server.command(...words)));
  await onAll('FLUSHALL');
  return {
    async open() {
      const engine = open(where, 60_000 + opened.length);
      opened.push(engine);
      return engine;
    },
    async advance(milliseconds) {
      await onAll('EVAL', ADVANCE, 0, milliseconds);
    },
    async close() {
      for (const engine of opened) await engine.close();
    },
  };
}

const HOLDER = `
  import { readCacheOptions } from './dist/core/cache-options.js';
  import { ValueCodec } from './dist/encoding/value-codec.js';
  import { RedisEngine } from './dist/redis/redis-engine.js';
  import { readRedisOptions } from './dist/redis/redis-options.js';
  const settings = readRedisOptions({ url: process.env.SERVER, commandTimeout: '1m' });
  const engine = new RedisEngine(settings, readCacheOptions({ keyPrefix: 'app' }), new ValueCodec(settings.encoding));
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

needs('redis-server', () => {
  const started = once(() => RedisServer.start());
  const clustered = once(() => RedisCluster.start({ settings: { 'cluster-node-timeout': 60_000 } }));

  engineExtras('RedisEngine, standalone', async () => {
    const server = await started();
    return placeOn([server], { url: server.url });
  });

  engineExtras('RedisEngine, cluster', async () => {
    const { masters, urls } = await clustered();
    return placeOn(masters, { urls });
  });

  describe('RedisEngine: what is on the server', () => {
    let server: RedisServer;
    let engine: RedisEngine;

    before(async () => {
      server = await started();
      await server.command('FLUSHALL');
      engine = open({ url: server.url });
    });

    after(() => engine.close());

    it('is the value alone, where there are no extras', async () => {
      await engine.write(at('n'), engine.seal(41), 60_000);
      assert.equal(await engine.increase(at('n'), 1), 42);
      assert.equal(await server.command('INCR', 'app:1:n'), 43);
    });

    it('is no more than the extras need', async () => {
      await engine.write(at('a'), engine.seal('x'), 60_000, tagged('t'));
      assert.deepEqual(await server.command('KEYS', 'app:tag:*'), ['app:tag:t']);
      const left = Number(await server.command('PTTL', 'app:tag:t'));
      assert.ok(left > 60_000 && left <= 120_000, String(left));
      await engine.removeTags(['t']);
      assert.deepEqual(await server.command('KEYS', 'app:tag:*'), []);
    });

    it('kills the entries of a tag whose key was evicted', async () => {
      await engine.write(at('a'), engine.seal('x'), 60_000, { staleFor: 1000, loadTime: 0, tags: ['t'] });
      await server.command('DEL', 'app:tag:t');
      assert.equal(await engine.recall(at('a')), undefined);
      await engine.write(at('b'), engine.seal('y'), 60_000, tagged('t'));
      assert.equal(await engine.read(at('a')), undefined);
      assert.equal(await engine.read(at('b')), 'y');
    });

    it('is missing, where it only looks as if it were ours', async () => {
      for (const bytes of ['\f', '\f\0\0\0', `\f${'\0'.repeat(30)}`, `\f\0\0\0\x19${'\x7f'.repeat(40)}`]) {
        await server.command('SET', 'app:1:k', bytes);
        assert.equal(await engine.read(at('k')), undefined);
        assert.equal(await engine.recall(at('k')), undefined);
        assert.equal(await engine.contains(at('k')), false);
        assert.equal(await engine.increase(at('k'), 1), undefined);
        assert.equal(await engine.writeNew(at('k'), engine.seal(1), 60_000), true);
      }
      await server.command('DEL', 'app:1:k');
      await server.command('LPUSH', 'app:1:k', 'x');
      assert.equal(await engine.read(at('k')), undefined);
      assert.equal(await engine.recall(at('k')), undefined);
      assert.equal(await engine.remove(at('k')), true);
    });
  });

  describe('RedisEngine: leases', () => {
    let server: RedisServer;
    const children: ChildProcess[] = [];

    before(async () => {
      server = await started();
    });

    after(() => {
      for (const child of children) child.kill('SIGKILL');
    });

    async function holder() {
      await server.command('FLUSHALL');
      const child = spawn(process.execPath, ['--input-type=module', '--eval', HOLDER], {
        env: { ...process.env, SERVER: server.url },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.push(child);
      const [said] = (await event(child.stdout!, 'data')) as [Buffer];
      assert.equal(String(said), 'taken\n');
      return child;
    }

    it('are held by one, and are anyone’s when they are given back', async () => {
      await server.command('FLUSHALL');
      const [first, second] = [open({ url: server.url }, 61_000), open({ url: server.url }, 62_000)];
      const lease = await first.takeLease(at('k'));
      assert.ok(lease);
      assert.equal(await second.takeLease(at('k')), undefined);
      assert.equal(await first.takeLease(at('k')), undefined);
      await lease.release();
      const next = await second.takeLease(at('k'));
      assert.ok(next);
      await lease.release();
      assert.equal(await first.takeLease(at('k')), undefined);
      await second.close();
      assert.ok(await first.takeLease(at('k')));
      await first.close();
      assert.deepEqual(await server.command('KEYS', '*'), []);
    });

    it('end by themselves when their holder is killed', async () => {
      const child = await holder();
      child.kill('SIGKILL');
      const engine = open({ url: server.url });
      assert.equal(await engine.takeLease(at('k')), undefined);
      await until('the lease ends', async () => (await engine.takeLease(at('k'))) !== undefined);
      await engine.close();
    });

    it('are renewed while their holder lives', async () => {
      const child = await holder();
      const key = String(((await server.command('KEYS', 'app:lease:*')) as string[])[0]);
      const left = LEASE_TIME - 500;
      await server.command('PEXPIRE', key, left);
      await until('it was renewed', async () => Number(await server.command('PTTL', key)) > left);
      child.kill('SIGKILL');
    });

    it('that were lost let nothing be stored', async () => {
      const child = await holder();
      child.kill('SIGSTOP');
      const engine = open({ url: server.url });
      await until('the lease ends', async () => (await engine.takeLease(at('k'))) !== undefined);
      await engine.writeLoaded(at('k'), engine.seal('early'), 60_000);
      child.kill('SIGCONT');
      child.stdin!.write('go\n');
      await event(child.stdout!, 'data');
      assert.equal(await engine.read(at('k')), 'early');
      await engine.close();
    });

    it('let their holder store, with extras and without', async () => {
      const child = await holder();
      child.stdin!.write('go\n');
      await event(child.stdout!, 'data');
      const engine = open({ url: server.url });
      assert.equal(await engine.read(at('k')), 'late');
      await until('it was given back', async () => (await engine.takeLease(at('k'))) !== undefined);
      await engine.writeLoaded(at('k'), engine.seal('tagged'), 60_000, tagged('t'));
      assert.equal(await engine.read(at('k')), 'tagged');
      await engine.close();
    });

    it('are in the slot of their entry', async () => {
      const { urls } = await clustered();
      const engine = open({ urls });
      for (const key of ['k', '{a}b', 'x{a}b', 'a{}b', '}{', '{']) {
        const lease = await engine.takeLease(at(key));
        assert.ok(lease, key);
        await engine.writeLoaded(at(key), engine.seal(key), 60_000, tagged('t'));
        assert.equal(await engine.read(at(key)), key);
        await lease.release();
      }
      await engine.close();
    });
  });
});

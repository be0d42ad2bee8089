import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MemcachedServer } from './memcached-server.js';
import { needs } from './needs.js';
import { RedisCluster } from './redis-cluster.js';
import { RedisSentinels } from './redis-sentinels.js';
import { RedisServer } from './redis-server.js';
import { until } from './until.js';

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The temporary folders of servers, of all processes. */
const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('locmem-servers-'));

needs('redis-server', () => {
  describe('a redis-server for tests', () => {
    it('answers, keeps to its password and its memory, and is gone when it is stopped', async () => {
      const server = await RedisServer.start({ password: 'se cret', maxmemory: '1mb', settings: { databases: 99 } });
      const { pid } = server;
      assert.deepStrictEqual(await server.command('CONFIG', 'GET', 'databases'), ['databases', '99']);
      assert.equal(server.url, `redis://:se%20cret@127.0.0.1:${server.port}`);
      await assert.rejects(server.command('SET', 'k', 'x'.repeat(2_000_000)), /OOM/);
      await server.stop();
      assert.equal(isRunning(pid!), false);
    });

    it('can be killed and started again, at the same port and empty', async () => {
      const server = await RedisServer.start();
      const { pid } = server;
      await server.command('SET', 'k', 'v');
      await server.kill('SIGKILL');
      assert.equal(isRunning(pid!), false);
      await assert.rejects(server.command('PING'), /ECONNREFUSED/);
      await server.restart();
      assert.equal(await server.command('GET', 'k'), null);
      assert.notEqual(server.pid, pid);
      await server.stop();
    });

    it('can be stopped while it hangs', async () => {
      const server = await RedisServer.start();
      const { pid } = server;
      await server.kill('SIGSTOP');
      await server.stop();
      assert.equal(isRunning(pid!), false);
    });

    it('says why it does not start', async () => {
      await assert.rejects(RedisServer.start({ settings: { 'no-such-setting': 1 } }), /no-such-setting/);
    });

    it('ends with the process that started it, and its folder too, even if that is killed', async () => {
      const before = folders();
      const program = `
        import { RedisServer } from ${JSON.stringify(new URL('./redis-server.js', import.meta.url).href)};
        const servers = await Promise.all([RedisServer.start(), RedisServer.start()]);
        await servers[1].kill('SIGSTOP');
        console.log(servers.map(({ pid }) => pid).join(' '));
        setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
        cwd: dirname(fileURLToPath(import.meta.url)),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = await once(child.stdout, 'data');
      const pids = String(line).trim().split(' ').map(Number);
      assert.deepStrictEqual(pids.map(isRunning), [true, true]);
      const made = folders().filter((name) => !before.includes(name));
      assert.ok(made.length > 0);
      child.kill('SIGKILL');
      await until('the servers are gone', () => !pids.some(isRunning));
      await until('no folder is left', () => !made.some((name) => existsSync(`${tmpdir()}/${name}`)));
    });
  });

  describe('a cluster for tests', () => {
    it('is whole, and a replica takes over from a master that is killed', async () => {
      const cluster = await RedisCluster.start();
      const [master, replica] = [cluster.masters[0]!, cluster.replicas[0]!];
      assert.match(
        await replica.text('INFO', 'replication'),
        RegExp(`role:slave\\s+.*\\s+master_port:${master.port}\\b`),
      );
      const slots = (await master.command('CLUSTER', 'SLOTS')) as [number, number, ...unknown[]][];
      assert.equal(
        slots.reduce((sum, [from, to]) => sum + to - from + 1, 0),
        16_384,
      );
      await master.kill('SIGKILL');
      await until('the replica is a master', async () => /role:master/.test(await replica.text('INFO', 'replication')));
      await cluster.whole(cluster.nodes.filter((node) => node !== master));
      await cluster.stop();
    });
  });

  describe('sentinels for tests', () => {
    it('make the replica the master when that is killed', async () => {
      const set = await RedisSentinels.start({ sentinels: 3, password: 'secret' });
      assert.equal(await set.masterPort(), set.master.port);
      await set.master.kill('SIGKILL');
      await until('there is another master', async () => (await set.masterPort()) === set.replica.port);
      await until('it takes writes', async () => (await set.replica.command('SET', 'k', 'v')) === 'OK');
      await set.stop();
    });
  });
});

needs('memcached', () => {
  describe('a memcached for tests', () => {
    it('answers, keeps to its item size, and is empty when it was killed and started again', async () => {
      const server = await MemcachedServer.start({ megabytes: 16, itemSize: '2m' });
      const { pid } = server;
      const settings = await server.command(['stats settings'], /END\r\n$/);
      assert.match(settings, /maxbytes 16777216/);
      assert.match(settings, /item_size_max 2097152/);
      await server.command(['set k 0 0 1', 'v'], /STORED\r\n$/);
      await server.kill('SIGKILL');
      assert.equal(isRunning(pid!), false);
      await server.restart();
      assert.equal(await server.command(['get k'], /END\r\n$/), 'END\r\n');
      await server.stop();
      assert.equal(isRunning(server.pid!), false);
    });
  });
});

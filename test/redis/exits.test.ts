import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { runProgram } from '../child-program.js';
import { needs } from '../servers/needs.js';
import { RedisCluster } from '../servers/redis-cluster.js';
import { RedisSentinels } from '../servers/redis-sentinels.js';
import { RedisServer } from '../servers/redis-server.js';
import { FakeServer } from './fake-server.js';

/** A socket that was let go of is gone some turns of the loop later. */
const CLOSED = `
    await cache.close();
    const left = () => process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).join();
    for (let i = 0; i < 1000 && left() !== ''; i++) await new Promise((resolve) => setImmediate(resolve));
    console.log(left());`;

/** Uses a cache, and forgets or remembers to close it; says what came of it. Nothing may keep it alive, or end it. */
async function ends(options: object, isClosed: boolean, said: RegExp): Promise<void> {
  const { stdout, stderr, exit } = await runProgram(`
    import { RedisCache } from 'locmem';
    const cache = new RedisCache(${JSON.stringify({ commandTimeout: 2000, ...options })});
    const calls = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => cache.set(key, 1));
    const ends = await Promise.allSettled([...calls, cache.getOrSet('k', () => 1)]);
    console.log(ends.map(({ status, reason }) => reason?.code ?? status).join(' '));
    ${isClosed ? CLOSED : ''}
  `);
  assert.equal(stderr, '');
  assert.equal(exit, 0);
  assert.match(stdout, said);
  if (isClosed) assert.match(stdout, /\n\n$/, 'handles are left');
}

const ANSWERED = /^(fulfilled ?)+$/m;
const REFUSED = /^(ERR_LOCMEM_UNAVAILABLE ?)+$/m;

needs('redis-server', () => {
  for (const isClosed of [false, true]) {
    describe(`a program that ${isClosed ? 'closed its cache' : 'forgot to close its cache'} ends by itself`, () => {
      it('when the server is up, hangs, and is down', async () => {
        const server = await RedisServer.start();
        await ends({ url: server.url }, isClosed, ANSWERED);
        await server.kill('SIGSTOP');
        await ends({ url: server.url }, isClosed, REFUSED);
        await server.kill('SIGKILL');
        await ends({ url: server.url }, isClosed, REFUSED);
        await server.stop();
      });

      it('when the server says nothing, or ends every connection', async () => {
        const silent = await FakeServer.start(() => {});
        await ends({ url: silent.url }, isClosed, REFUSED);
        await silent.stop();
        const deaf = await FakeServer.start((socket) => socket.destroy());
        await ends({ url: deaf.url }, isClosed, REFUSED);
        await deaf.stop();
      });
    });

    describe(`a program that ${isClosed ? 'closed its cache' : 'forgot its cache'} on a cluster ends by itself`, () => {
      let cluster: RedisCluster;
      before(async () => {
        cluster = await RedisCluster.start();
      });
      after(() => cluster.stop());

      it('when all nodes are up, one hangs, all hang, and all are down', async () => {
        const { urls } = cluster;
        await ends({ urls }, isClosed, ANSWERED);
        await cluster.masters[0]!.kill('SIGSTOP');
        await ends({ urls: [cluster.masters[0]!.url] }, isClosed, REFUSED);
        await ends({ urls }, isClosed, /fulfilled|UNAVAILABLE/);
        for (const node of cluster.nodes) await node.kill('SIGSTOP');
        await ends({ urls }, isClosed, REFUSED);
        for (const node of cluster.nodes) await node.kill('SIGKILL');
        await ends({ urls }, isClosed, REFUSED);
      });
    });

    describe(`a program that ${isClosed ? 'closed its cache' : 'forgot its cache'} behind sentinels ends by itself`, () => {
      let set: RedisSentinels;
      before(async () => {
        set = await RedisSentinels.start();
      });
      after(() => set.stop());

      it('when the master is up, and when the sentinel hangs or is down', async () => {
        const options = { urls: set.ports.map((port) => `redis://127.0.0.1:${port}`), sentinel: set.name };
        await ends(options, isClosed, ANSWERED);
        await ends({ ...options, sentinel: 'nobody' }, isClosed, REFUSED);
        await set.sentinels[0]!.kill('SIGSTOP');
        await ends(options, isClosed, REFUSED);
        await set.sentinels[0]!.kill('SIGKILL');
        await ends(options, isClosed, REFUSED);
      });
    });
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MemcachedCache, RedisCache } from 'locmem';
import { runProgram } from '../child-program.js';
import { once } from '../conformance/redis-place.js';
import { MemcachedServer } from '../servers/memcached-server.js';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';

const PROCESSES = 6;
const ROUNDS = 15;

/** All wait for each other before each round, and then ask for one key. */
const MEMBER = `
  import { setTimeout } from 'node:timers/promises';
  import { MemcachedCache, RedisCache } from 'locmem';
  const { URL: url, CACHE, PROCESSES, ROUNDS } = process.env;
  const cache = new (CACHE === 'redis' ? RedisCache : MemcachedCache)({ url, commandTimeout: '1m' });
  const answers = [];
  for (let round = 0; round < ROUNDS; round++) {
    await cache.add('ready' + round, 0);
    await cache.incr('ready' + round);
    while ((await cache.get('ready' + round)) < PROCESSES) await setTimeout(2);
    const load = async () => {
      await cache.add('runs' + round, 0);
      await setTimeout(20);
      return { run: await cache.incr('runs' + round), by: process.pid };
    };
    answers.push(await cache.getOrSet('k' + round, load, { tags: ['fleet'], lockTimeout: '1m' }));
  }
  await cache.close();
  console.log(JSON.stringify(answers));
`;

async function oneRunARound(cache: RedisCache | MemcachedCache, kind: string, url: string): Promise<void> {
  const members = Array.from({ length: PROCESSES }, () =>
    runProgram(MEMBER, { URL: url, CACHE: kind, PROCESSES: `${PROCESSES}`, ROUNDS: `${ROUNDS}` }),
  );
  const results = await Promise.all(members);
  for (const { exit, stderr } of results) assert.equal(exit, 0, stderr);
  const [first, ...others] = results.map(({ stdout }) => JSON.parse(stdout) as unknown);
  for (const other of others) assert.deepEqual(other, first);
  for (let round = 0; round < ROUNDS; round++) assert.equal(await cache.get(`runs${round}`), 1);
  await cache.deleteTag('fleet');
  for (let round = 0; round < ROUNDS; round++) assert.equal(await cache.get(`k${round}`), undefined);
  await cache.close();
}

describe('a fleet of processes that ask for one key', () => {
  needs('redis-server', () => {
    const started = once(() => RedisServer.start());
    it('runs the factory once, by a lease in Redis', async () => {
      const { url } = await started();
      await oneRunARound(new RedisCache({ url }), 'redis', url);
    });
  });

  needs('memcached', () => {
    const started = once(() => MemcachedServer.start());
    it('runs the factory once, by a lease in memcached', async () => {
      const { url } = await started();
      await oneRunARound(new MemcachedCache({ url }), 'memcached', url);
    });
  });
});

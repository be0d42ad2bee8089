import { redisCache } from '../peers/server-cache.js';
import { serverScenario } from './server-calls.js';

const on = (call: string) =>
  `${call} of a \`RedisCache\`, beside the client it uses and other caches, all on one Redis on loopback, ttl on; each ` +
  'call when the one before is answered, and 100 at once. Time on the wall, in which other programs have their part: ' +
  'the best round.';
const base = redisCache.name;

export const redisGet = serverScenario('redis-server', 'get', {
  name: 'redis-get',
  about: on('`await get(key)`, a hit,'),
  base,
});

export const redisSet = serverScenario('redis-server', 'set', {
  name: 'redis-set',
  about: on('`await set(key, value)` of a key that is there, to another value,'),
  base,
});

export const redisGetMany = serverScenario('redis-server', 'getMany', {
  name: 'redis-get-many',
  about: on('`await getMany(keys)` of 100 keys that are there (an operation is a key)'),
  base,
});

export const redisGetOrSet = serverScenario('redis-server', 'getOrSet', {
  name: 'redis-get-or-set',
  about: on('`await getOrSet(key, factory)`, a hit: the factory never runs,'),
  base,
});

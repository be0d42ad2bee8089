import type { Scenario } from '../contract.js';
import { ipcCache } from '../peers/ipc-cache.js';
import { lmdbBatched, lmdbMapBatched, lmdbMapSync, lmdbSync } from '../peers/lmdb.js';
import { memcached } from '../peers/memcached.js';
import { redis } from '../peers/redis.js';
import { sharedNear } from '../peers/shared-cache.js';
import { contendersOf, timedCalls } from './shared-calls.js';
import { FEW, KINDS, MANY } from './shared-values.js';

const peers = [sharedNear, lmdbBatched, lmdbSync, lmdbMapBatched, lmdbMapSync, redis, memcached, ipcCache].map(
  ({ name }) => name,
);

export const sharedSet: Scenario = {
  name: 'shared-set',
  about:
    '`setSync` of keys that are there already, to another value, shuffled, beside other stores that processes share: ' +
    'one process writes. lmdb puts 1000 in a batch and waits for it. Those that ask another process are awaited, one ' +
    'question after the other; their time, and that of batches, is that on the wall. 10 KB strings: a tenth of the ' +
    'many keys.',
  unit: 'ns',
  combine: 'median',
  processes: 2,
  tables: KINDS.map(({ name }) => ({ name, contenders: contendersOf(peers), base: sharedNear.name })),
  columns: () => [FEW, MANY],
  prepare: (cell, effort, site) => timedCalls(cell, effort, site, 'set'),
};

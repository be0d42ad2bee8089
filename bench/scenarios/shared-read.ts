import type { Scenario } from '../contract.js';
import { ipcCache } from '../peers/ipc-cache.js';
import { lmdbBatched } from '../peers/lmdb.js';
import { memcached } from '../peers/memcached.js';
import { redis } from '../peers/redis.js';
import { sharedPlain } from '../peers/shared-cache.js';
import { contendersOf, timedCalls } from './shared-calls.js';
import { FEW, KINDS, MANY } from './shared-values.js';

const peers = [sharedPlain, lmdbBatched, redis, memcached, ipcCache].map(({ name }) => name);

export const sharedRead: Scenario = {
  name: 'shared-read',
  about:
    '`getSync` of a `SharedCache` without a near cache, so that each hit is read from the segment, beside other stores ' +
    'that processes share: one process reads, shuffled. Those that ask another process are awaited, one question after ' +
    'the other; their time is that on the wall. 10 KB strings: a tenth of the many keys.',
  unit: 'ns',
  combine: 'median',
  processes: 2,
  tables: KINDS.map(({ name }) => ({ name, contenders: contendersOf(peers), base: sharedPlain.name })),
  columns: () => [FEW, MANY],
  prepare: (cell, effort, site) => timedCalls(cell, effort, site, 'get'),
};

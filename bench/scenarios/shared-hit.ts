import type { Scenario, SharedStore } from '../contract.js';
import { peerNamed, sharedPeers, syncPeers } from '../peers/roster.js';
import { sharedCopy, sharedFrozen } from '../peers/shared-cache.js';
import { timed } from '../timing.js';
import { TTL } from '../workload.js';
import { courseOf, fill, optionsFor, reads } from './shared-calls.js';
import { FEW, KINDS, kindNamed, MANY } from './shared-values.js';

const SHARED = [sharedCopy.name, sharedFrozen.name];

export const sharedHit: Scenario = {
  name: 'shared-hit',
  about:
    '`getSync` of a `SharedCache` whose keys are all in its near cache, shuffled, beside caches of one process; ttl on ' +
    '(but `Map`). lru-cache and `Map` hand out the stored object itself, a `SharedCache` a private copy or, where it ' +
    'is told to, one frozen object. 10 KB strings: a tenth of the many keys.',
  unit: 'ns',
  combine: 'median',
  tables: KINDS.map(({ name }) => ({ name, contenders: [...SHARED, 'lru-cache', 'Map'], base: sharedCopy.name })),
  columns: () => [FEW, MANY],
  async prepare(cell, effort, site) {
    const kind = kindNamed(cell.table);
    const count = kind.keys(cell.column, effort);
    const store = SHARED.includes(cell.contender)
      ? ((await peerNamed(sharedPeers, cell.contender).open(optionsFor(kind, count, site))) as SharedStore)
      : await peerNamed(syncPeers, cell.contender).open({
          capacity: count,
          ttl: cell.contender === 'Map' ? null : TTL,
        });
    await fill(store, kind, count);
    return timed(reads(store, courseOf(kind, count)), effort);
  },
};

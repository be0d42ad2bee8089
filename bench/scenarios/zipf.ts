import type { Scenario, SyncStore } from '../contract.js';
import { peerNamed, syncPeers, ttlTables } from '../peers/roster.js';
import { expectSum, timed, type Work } from '../timing.js';
import { CAPACITY, keyOf, keysInOrder, keysUpTo, sumOf, zipfIds } from '../workload.js';
import { FRESH_KEYS, openStore, SAME_KEYS } from './open.js';

const UNIVERSE = 20 * CAPACITY;
const LENGTH = 65_536;

interface Mix {
  misses: number;
  run(passes: number): number;
}

/** What a cache is for: read, and on a miss store. */
export const zipf: Scenario = {
  name: 'zipf',
  about:
    `\`get\`, and \`set\` on a miss: ${UNIVERSE} keys asked for by Zipf's law (exponent 1), room for ${CAPACITY}. ` +
    'Per request; in brackets the hit ratio. A miss costs no more here than the `set`: in a program it costs the query.',
  unit: 'ns',
  combine: 'median',
  tables: ttlTables(syncPeers.filter((peer) => peer.name !== 'Map')),
  columns: () => [SAME_KEYS, FRESH_KEYS],
  async prepare(cell, effort) {
    const store = await openStore(cell, CAPACITY);
    const ids = zipfIds(UNIVERSE, 1, LENGTH);
    const mix = cell.column === FRESH_KEYS ? freshKeys(store, ids) : sameKeys(store, ids);
    const total = sumOf(ids);
    let requests = 1;
    const work: Work = {
      operations: LENGTH,
      run: (passes) => mix.run(passes),
      verify(sum, passes) {
        requests = passes * LENGTH;
        expectSum(sum, total * passes, 'the sum of the values read');
      },
      note: () => `${(100 * (1 - mix.misses / requests)).toFixed(1)} %`,
    };
    const { evicts } = peerNamed(syncPeers, cell.contender);
    return timed(evicts ? work : { ...work, before: () => store.reset?.() }, effort);
  },
};

function sameKeys(store: SyncStore, ids: Int32Array): Mix {
  const keys = keysInOrder(ids, keysUpTo(UNIVERSE));
  return {
    misses: 0,
    run(passes) {
      let sum = 0;
      let misses = 0;
      for (let pass = 0; pass < passes; pass++) {
        for (let i = 0; i < keys.length; i++) {
          const key = keys[i] as string;
          let value = store.get(key) as number | undefined;
          if (value === undefined) {
            value = ids[i] as number;
            store.set(key, value);
            misses++;
          }
          sum += value;
        }
      }
      this.misses = misses;
      return sum;
    },
  };
}

function freshKeys(store: SyncStore, ids: Int32Array): Mix {
  return {
    misses: 0,
    run(passes) {
      let sum = 0;
      let misses = 0;
      for (let pass = 0; pass < passes; pass++) {
        for (let i = 0; i < ids.length; i++) {
          const id = ids[i] as number;
          const key = keyOf(id);
          let value = store.get(key) as number | undefined;
          if (value === undefined) {
            value = id;
            store.set(key, value);
            misses++;
          }
          sum += value;
        }
      }
      this.misses = misses;
      return sum;
    },
  };
}

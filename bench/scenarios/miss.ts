import type { Scenario, SyncStore } from '../contract.js';
import { ttlTables } from '../peers/roster.js';
import { expectSum, timed, type Work } from '../timing.js';
import { CAPACITY, keyOf, keysInOrder, keysUpTo, shuffledIds } from '../workload.js';
import { FRESH_KEYS, openStore, SAME_KEYS } from './open.js';

/** The ids asked for start where the stored ones end. */
const ABSENT = CAPACITY;

export const miss: Scenario = {
  name: 'miss',
  about: `\`get\` of keys that are not there, in a full cache of ${CAPACITY} entries.`,
  unit: 'ns',
  combine: 'median',
  tables: ttlTables(),
  columns: () => [SAME_KEYS, FRESH_KEYS],
  async prepare(cell, effort) {
    const store = await openStore(cell, CAPACITY);
    const keys = keysUpTo(CAPACITY + ABSENT);
    for (const [id, key] of keys.slice(0, CAPACITY).entries()) store.set(key, id);
    const ids = shuffledIds(CAPACITY, 8).map((id) => id + ABSENT);
    const run = cell.column === FRESH_KEYS ? freshKeys(store, ids) : sameKeys(store, keysInOrder(ids, keys));
    const verify: Work['verify'] = (misses, passes) => expectSum(misses, ids.length * passes, 'the number of misses');
    return timed({ operations: ids.length, run, verify }, effort);
  },
};

function sameKeys(store: SyncStore, keys: readonly string[]): (passes: number) => number {
  return (passes) => {
    let misses = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < keys.length; i++) if (store.get(keys[i] as string) === undefined) misses++;
    }
    return misses;
  };
}

function freshKeys(store: SyncStore, ids: Int32Array): (passes: number) => number {
  return (passes) => {
    let misses = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < ids.length; i++) if (store.get(keyOf(ids[i] as number)) === undefined) misses++;
    }
    return misses;
  };
}

import type { Scenario, SyncStore } from '../contract.js';
import { ttlTables } from '../peers/roster.js';
import { expectSum, timed, type Work } from '../timing.js';
import { CAPACITY, keyOf, keysInOrder, keysUpTo, shuffledIds, sumOf } from '../workload.js';
import { FRESH_KEYS, openStore, SAME_KEYS } from './open.js';

const MANY_KEYS = 'same key strings, many entries';

/** Every `get` finds its key; the keys are asked for in a shuffled order, so each hit has recency to update. */
export const hit: Scenario = {
  name: 'hit',
  about: `\`get\` of keys that are there, uniformly shuffled, in a full cache of ${CAPACITY} entries (many: 100,000).`,
  unit: 'ns',
  combine: 'median',
  tables: ttlTables(),
  columns: () => [SAME_KEYS, FRESH_KEYS, MANY_KEYS],
  async prepare(cell, effort) {
    const many = cell.column === MANY_KEYS;
    const count = many ? effort.manyKeys : CAPACITY;
    const store = await openStore(cell, count);
    const keys = keysUpTo(count);
    for (const [id, key] of keys.entries()) store.set(key, id);
    const ids = shuffledIds(count, many ? 1 : 8);
    const run = cell.column === FRESH_KEYS ? freshKeys(store, ids) : sameKeys(store, keysInOrder(ids, keys));
    const total = sumOf(ids);
    const verify: Work['verify'] = (sum, passes) => expectSum(sum, total * passes, 'the sum of the values read');
    return timed({ operations: ids.length, run, verify }, effort);
  },
};

function sameKeys(store: SyncStore, keys: readonly string[]): (passes: number) => number {
  return (passes) => {
    let sum = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < keys.length; i++) sum += store.get(keys[i] as string) as number;
    }
    return sum;
  };
}

function freshKeys(store: SyncStore, ids: Int32Array): (passes: number) => number {
  return (passes) => {
    let sum = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < ids.length; i++) sum += store.get(keyOf(ids[i] as number)) as number;
    }
    return sum;
  };
}

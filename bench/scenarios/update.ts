import type { Scenario, SyncStore } from '../contract.js';
import { ttlTables } from '../peers/roster.js';
import { expectSum, timed, type Work } from '../timing.js';
import { CAPACITY, keyOf, keysInOrder, keysUpTo, shuffledIds } from '../workload.js';
import { FRESH_KEYS, openStore, SAME_KEYS } from './open.js';

export const update: Scenario = {
  name: 'update',
  about: `\`set\` of keys that are there already, to another value, uniformly shuffled, ${CAPACITY} entries.`,
  unit: 'ns',
  combine: 'median',
  tables: ttlTables(),
  columns: () => [SAME_KEYS, FRESH_KEYS],
  async prepare(cell, effort) {
    const store = await openStore(cell, CAPACITY);
    const keys = keysUpTo(CAPACITY);
    for (const [id, key] of keys.entries()) store.set(key, id);
    const ids = shuffledIds(CAPACITY, 8);
    const run = cell.column === FRESH_KEYS ? freshKeys(store, ids) : sameKeys(store, keysInOrder(ids, keys));
    return timed({ operations: ids.length, run, verify: lastWriteHolds(store, ids) }, effort);
  },
};

/** The value written is the number of the write, counted from 0 in each round. */
function sameKeys(store: SyncStore, keys: readonly string[]): (passes: number) => number {
  return (passes) => {
    let write = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < keys.length; i++) store.set(keys[i] as string, write++);
    }
    return write;
  };
}

function freshKeys(store: SyncStore, ids: Int32Array): (passes: number) => number {
  return (passes) => {
    let write = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < ids.length; i++) store.set(keyOf(ids[i] as number), write++);
    }
    return write;
  };
}

/** Each key must read as the number of the last write to it. */
function lastWriteHolds(store: SyncStore, ids: Int32Array): Work['verify'] {
  const lastPlaces = new Map(Array.from(ids, (id, place) => [id, place]));
  return (writes, passes) => {
    expectSum(writes, ids.length * passes, 'the number of writes');
    for (const [id, place] of lastPlaces) {
      expectSum(store.get(keyOf(id)) as number, ids.length * (passes - 1) + place, `the value of key ${id}`);
    }
  };
}

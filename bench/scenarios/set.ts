import type { Scenario, SyncStore } from '../contract.js';
import { peerNamed, syncPeers, ttlTables } from '../peers/roster.js';
import { timed, type Work } from '../timing.js';
import { CAPACITY, keyOf, keysUpTo } from '../workload.js';
import { FRESH_KEYS, openStore, SAME_KEYS } from './open.js';

/** Distinct keys before one comes round again: long evicted by then. */
const POOL = 32 * CAPACITY;

/** New keys into a full cache, so each `set` evicts. */
export const set: Scenario = {
  name: 'set',
  about: `\`set\` of new keys into a full cache of ${CAPACITY} entries: each one evicts another.`,
  unit: 'ns',
  combine: 'median',
  tables: ttlTables(),
  columns: () => [SAME_KEYS, FRESH_KEYS],
  async prepare(cell, effort) {
    const store = await openStore(cell, CAPACITY);
    const { evicts } = peerNamed(syncPeers, cell.contender);
    const fill = () => {
      store.reset?.();
      for (let id = POOL; id < POOL + CAPACITY; id++) store.set(keyOf(id), id);
    };
    fill();
    const work = cell.column === FRESH_KEYS ? freshKeys(store, evicts) : sameKeys(store, evicts);
    return timed(evicts ? work : { ...work, before: fill }, effort);
  },
};

/** One pass runs through the whole pool, in order: the least recently used key is always the one that comes next. */
function sameKeys(store: SyncStore, evicts: boolean): Work {
  const keys = keysUpTo(POOL);
  return {
    operations: POOL,
    run(passes) {
      for (let pass = 0; pass < passes; pass++) {
        for (let i = 0; i < keys.length; i++) store.set(keys[i] as string, i);
      }
      return passes;
    },
    verify: () => expectRecentKeys(store, 0, POOL, evicts),
  };
}

function freshKeys(store: SyncStore, evicts: boolean): Work {
  const operations = 4 * CAPACITY;
  let next = 2 * POOL;
  return {
    operations,
    run(passes) {
      const end = next + passes * operations;
      for (; next < end; next++) store.set(keyOf(next), next);
      return passes;
    },
    verify: (_, passes) => expectRecentKeys(store, next - passes * operations, next, evicts),
  };
}

/** The key set last is there with its value; no more are there than a bounded cache may hold (quick-lru: twice that). */
function expectRecentKeys(store: SyncStore, start: number, end: number, evicts: boolean): void {
  const last = store.get(keyOf(end - 1));
  if (last !== end - 1) throw new Error(`wrong answers: the key set last reads as ${String(last)}`);
  let held = 0;
  for (let id = Math.max(start, end - 4 * CAPACITY); id < end; id++) {
    const value = store.get(keyOf(id));
    if (value === id) held++;
    else if (value !== undefined) throw new Error(`wrong answers: key ${id} reads as ${String(value)}`);
  }
  if (evicts && held > 2 * CAPACITY) throw new Error(`wrong answers: ${held} entries held, with room for ${CAPACITY}`);
}

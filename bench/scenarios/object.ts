import type { Cell, Effort, Isolation, Round, Scenario, SyncStore } from '../contract.js';
import { objectPeers, peerNamed, syncPeers } from '../peers/roster.js';
import { expectSum, timed, type Work } from '../timing.js';
import { CAPACITY, keysInOrder, keysUpTo, shuffledIds, sumOf, TTL } from '../workload.js';
import { expectIsolation, makeRecord, type RecordValue } from './record.js';

/** A contender, the isolation it is asked for, and, where it has none, the way users add it by hand. */
interface Mode {
  readonly peer: string;
  readonly isolation: Isolation;
  readonly byHand?: { put(value: unknown): unknown; take(stored: unknown): unknown };
}

const cloned = { put: structuredClone, take: structuredClone };
const json = { put: JSON.stringify, take: (stored: unknown) => JSON.parse(stored as string) as unknown };

const COPYING: Readonly<Record<string, Mode>> = {
  'locmem copy': { peer: 'locmem lru', isolation: 'copy' },
  'node-cache useClones': { peer: 'node-cache', isolation: 'copy' },
  'CacheableMemory useClone': { peer: 'CacheableMemory', isolation: 'copy' },
  'lru-cache + JSON': { peer: 'lru-cache', isolation: 'copy', byHand: json },
  'lru-cache + structuredClone': { peer: 'lru-cache', isolation: 'copy', byHand: cloned },
};

const SHARING: Readonly<Record<string, Mode>> = {
  'locmem reference': { peer: 'locmem lru', isolation: 'reference' },
  'locmem frozen': { peer: 'locmem lru', isolation: 'frozen' },
  'lru-cache': { peer: 'lru-cache', isolation: 'reference' },
  'tiny-lru': { peer: 'tiny-lru', isolation: 'reference' },
  'quick-lru': { peer: 'quick-lru', isolation: 'reference' },
  '@isaacs/ttlcache': { peer: '@isaacs/ttlcache', isolation: 'reference' },
  'node-cache, no clones': { peer: 'node-cache', isolation: 'reference' },
  'CacheableMemory, no clones': { peer: 'CacheableMemory', isolation: 'reference' },
};

export const COPIED = 'a private copy for each reader';
export const GET = 'get';
export const SET = 'set';

export const object: Scenario = {
  name: 'object',
  about: `An object of ten fields as the value: \`get\` and \`set\` (update) of ${CAPACITY} keys that are there, ttl on.`,
  unit: 'ns',
  combine: 'median',
  tables: [
    { name: COPIED, contenders: Object.keys(COPYING), base: 'locmem copy' },
    { name: 'one object for all readers', contenders: Object.keys(SHARING), base: 'locmem reference' },
  ],
  columns: () => [GET, SET],
  async prepare(cell, effort) {
    const mode = (cell.table === COPIED ? COPYING : SHARING)[cell.contender];
    if (mode === undefined) throw new Error(`no mode is named ${JSON.stringify(cell.contender)}`);
    const store = await openMode(mode);
    expectIsolation(store, mode.isolation);
    return measure(cell, store, effort);
  },
};

async function openMode({ peer, isolation, byHand }: Mode): Promise<SyncStore> {
  const found = peerNamed([...syncPeers, ...objectPeers], peer);
  const store = await found.open({ capacity: CAPACITY, ttl: TTL, isolation });
  if (byHand === undefined) return store;
  const { put, take } = byHand;
  return { get: (key) => take(store.get(key)), set: (key, value) => store.set(key, put(value)) };
}

function measure(cell: Cell, store: SyncStore, effort: Effort): Promise<Round> {
  const keys = keysUpTo(CAPACITY);
  const records = keys.map((_, id) => makeRecord(id));
  for (const [id, key] of keys.entries()) store.set(key, records[id]);
  const ids = shuffledIds(CAPACITY, 4);
  const ordered = keysInOrder(ids, keys);
  const total = sumOf(ids);
  const verify: Work['verify'] = (sum, passes) => {
    expectSum(sum, total * passes, 'the sum of the ids');
    for (const [id, key] of keys.entries()) expectSum((store.get(key) as RecordValue).id, id, `the id at ${key}`);
  };
  const run = cell.column === GET ? reading(store, ordered) : writing(store, ordered, ids, records);
  return timed({ operations: ids.length, run, verify }, effort);
}

function reading(store: SyncStore, keys: readonly string[]): (passes: number) => number {
  return (passes) => {
    let sum = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < keys.length; i++) sum += (store.get(keys[i] as string) as RecordValue).id;
    }
    return sum;
  };
}

function writing(store: SyncStore, keys: readonly string[], ids: Int32Array, records: readonly RecordValue[]) {
  return (passes: number): number => {
    let sum = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < keys.length; i++) {
        const record = records[ids[i] as number] as RecordValue;
        store.set(keys[i] as string, record);
        sum += record.id;
      }
    }
    return sum;
  };
}

import type { AsyncStore, Cell, Effort, Isolation, Round, Site } from '../contract.js';
import { asyncPeers, peerNamed } from '../peers/roster.js';
import { expectSum, timed, type Work } from '../timing.js';
import { CAPACITY, keyOf, keysInOrder, keysUpTo, shuffledIds, sumOf, TTL } from '../workload.js';

/** Values by key, and the isolation they need: none where they are primitives. */
export interface Values<T> {
  readonly isolation?: Isolation;
  make(id: number): T;
  /** The number in a value that goes into the checksum: its id. */
  idOf(value: T): number;
}

export const numbers: Values<number> = { make: (id) => id, idOf: (value) => value };

/** Times awaited hits, one after the other, by the call that `pick` chooses. */
export async function awaitedHits<T>(
  cell: Cell,
  effort: Effort,
  { folder }: Site,
  values: Values<T>,
  pick: (store: AsyncStore) => ((key: string) => Promise<unknown>) | undefined,
  staleFor?: number,
): Promise<Round> {
  let loads = 0;
  const load = async (key: string): Promise<unknown> => {
    loads++;
    return values.make(Number(key.slice(keyOf(0).length - 1)));
  };
  const isolation = values.isolation === undefined ? {} : { isolation: values.isolation };
  const stale = staleFor === undefined ? {} : { staleFor };
  const options = { capacity: CAPACITY, ttl: TTL, folder, load, ...isolation, ...stale };
  const store = await peerNamed(asyncPeers, cell.contender).open(options);
  const call = pick(store);
  if (call === undefined) throw new Error(`${cell.contender} does not offer this call`);
  const keys = keysUpTo(CAPACITY);
  for (const [id, key] of keys.entries()) {
    // Only a call that loads says that an entry may be stale.
    const filling = staleFor === undefined ? store.set?.(key, values.make(id)) : undefined;
    await (filling ?? store.getOrSet?.(key));
  }
  const ids = shuffledIds(CAPACITY, 4);
  const loadsToFill = loads;
  const total = sumOf(ids);
  const verify: Work['verify'] = (sum, passes) => {
    expectSum(sum, total * passes, 'the sum of the values read');
    expectSum(loads, loadsToFill, 'the number of values loaded');
  };
  const run = reading(call, keysInOrder(ids, keys), values.idOf);
  return timed({ operations: ids.length, run, verify }, effort);
}

function reading<T>(call: (key: string) => Promise<unknown>, keys: readonly string[], idOf: (value: T) => number) {
  return async (passes: number): Promise<number> => {
    let sum = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < keys.length; i++) sum += idOf((await call(keys[i] as string)) as T);
    }
    return sum;
  };
}

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import type { Cell, Scenario } from '../contract.js';
import { expectSum, timed, type Work } from '../timing.js';
import { CAPACITY, keysInOrder, keysUpTo, shuffledIds, sumOf, TTL } from '../workload.js';

export const UNHEARD = 'locmem, nobody has ever listened';
const LISTENED = 'locmem, with listeners that do nothing';
export const NO_LONGER = 'locmem, after they unsubscribed';

export const TABLES = ['LocMemCache', 'SharedCache'] as const;
const GET = 'getSync, a hit';
const SET = 'setSync';
const GET_OR_SET = 'getOrSet, a hit';
export const CALLS = [GET, SET, GET_OR_SET] as const;

const CHANNELS = ['locmem:hit', 'locmem:set'];

export const diagnostics: Scenario = {
  name: 'diagnostics',
  about:
    'What it costs that a call could be listened to: before anybody ever has, with one listener each of `locmem:hit` and ' +
    '`locmem:set` that does nothing, and after both have unsubscribed. Small integers, ttl on, 1000 keys, all there.',
  unit: 'ns',
  combine: 'median',
  tables: TABLES.map((name) => ({ name, contenders: [UNHEARD, LISTENED, NO_LONGER], base: UNHEARD })),
  columns: () => CALLS,
  async prepare(cell, effort, { folder }) {
    const cache = await openCache(cell, folder);
    const keys = keysUpTo(CAPACITY);
    for (const [id, key] of keys.entries()) cache.setSync(key, id);
    const work = workOf(cell, cache, keys);
    if (cell.contender === UNHEARD) return timed(work, effort);
    let heard = 0;
    const listener = () => {
      heard++;
    };
    for (const name of CHANNELS) subscribe(name, listener);
    if (cell.contender === NO_LONGER) {
      await timed(work, effort);
      for (const name of CHANNELS) unsubscribe(name, listener);
    }
    const round = await timed(work, effort);
    if (heard === 0) throw new Error('wrong answers: the listeners heard of nothing');
    return round;
  },
};

async function openCache({ table }: Cell, folder: string) {
  const { LocMemCache, SharedCache } = await import('locmem');
  if (table === 'LocMemCache') return new LocMemCache({ maxEntries: CAPACITY, ttl: TTL });
  return new SharedCache({ location: join(folder, 'segment'), maxBytes: 32 * 2 ** 20, ttl: TTL });
}

function workOf({ column }: Cell, cache: Awaited<ReturnType<typeof openCache>>, keys: readonly string[]): Work {
  const ids = shuffledIds(CAPACITY, 4);
  const inOrder = keysInOrder(ids, keys);
  const operations = ids.length;
  if (column === SET) {
    const run = (passes: number) => {
      for (let pass = 0; pass < passes; pass++) {
        for (let i = 0; i < inOrder.length; i++) cache.setSync(inOrder[i] as string, ids[i]);
      }
      return passes;
    };
    return {
      operations,
      run,
      verify: () => expectSum(readAll(cache, keys), sumOf(ids) / 4, 'the sum of what was set'),
    };
  }
  const total = sumOf(ids);
  const verify: Work['verify'] = (sum, passes) => expectSum(sum, total * passes, 'the sum of the values read');
  if (column === GET) {
    const run = (passes: number) => {
      let sum = 0;
      for (let pass = 0; pass < passes; pass++) sum += readAll(cache, inOrder);
      return sum;
    };
    return { operations, run, verify };
  }
  const load = (): number => {
    throw new Error('wrong answers: a key is not there');
  };
  const run = async (passes: number) => {
    let sum = 0;
    for (let pass = 0; pass < passes; pass++) {
      for (let i = 0; i < inOrder.length; i++) sum += await cache.getOrSet(inOrder[i] as string, load);
    }
    return sum;
  };
  return { operations, run, verify };
}

function readAll(cache: Awaited<ReturnType<typeof openCache>>, keys: readonly string[]): number {
  let sum = 0;
  for (let i = 0; i < keys.length; i++) sum += cache.getSync<number>(keys[i] as string) as number;
  return sum;
}

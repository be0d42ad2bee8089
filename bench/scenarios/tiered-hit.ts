import type { Scenario } from '../contract.js';
import { peerNamed, takesPart, tieredPeers } from '../peers/roster.js';
import { tieredLocmem } from '../peers/tiered-cache.js';
import { expectSum, timed } from '../timing.js';
import { longer, openFilled } from './server-calls.js';
import { courseOf } from './shared-calls.js';
import { kindNamed, OBJECT, TEXT } from './shared-values.js';

export const GET = 'get';
export const GET_OR_SET = 'getOrSet';
const KEYS = 300;

export const tieredHit: Scenario = {
  name: 'tiered-hit',
  about:
    '`await get(key)` and `await getOrSet(key, factory)`, a hit in the near one of two tiers, before Redis, beside that ' +
    `near one alone; one after the other, ${KEYS} keys, ttl on. Objects come back as private copies.`,
  unit: 'ns',
  combine: 'median',
  tables: [TEXT, OBJECT].map(({ name }) => ({
    name,
    contenders: tieredPeers.filter(takesPart).map((peer) => peer.name),
    base: tieredLocmem.name,
  })),
  columns: () => [GET, GET_OR_SET],
  async prepare(cell, effort, site) {
    const kind = kindNamed(cell.table);
    const { markOf, markFor } = kind;
    const store = await openFilled(peerNamed(tieredPeers, cell.contender), kind, KEYS, site);
    const { ids, keys } = courseOf(kind, KEYS);
    const call = cell.column === GET ? store.get : store.getOrSet!;
    let total = 0;
    for (const id of ids) total += markFor(id);
    const run = async (passes: number): Promise<number> => {
      let sum = 0;
      for (let pass = 0; pass < passes; pass++) {
        for (let i = 0; i < keys.length; i++) sum += markOf(await call(keys[i] as string));
      }
      return sum;
    };
    const verify = (sum: number, passes: number) =>
      expectSum(sum, total * passes, 'the sum of the marks in the values');
    return timed({ operations: ids.length, run, verify }, longer(effort));
  },
};

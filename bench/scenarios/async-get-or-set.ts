import type { Scenario } from '../contract.js';
import { asyncPeers, LOCMEM } from '../peers/roster.js';
import { TTL } from '../workload.js';
import { awaitedHits, numbers } from './async-calls.js';
import { copied, NUMBERS } from './async-get.js';

export const FRESH = 'ttl on';
export const FRESH_OR_STALE = 'ttl on, staleWhileRevalidate';
export const OBJECTS = 'objects';

const loading = asyncPeers.filter((peer) => peer.offers.getOrSet);
const named = (peers: typeof loading) => peers.map((peer) => peer.name);

export const asyncGetOrSet: Scenario = {
  name: 'async-get-or-set',
  about:
    '`await getOrSet(key, factory)` (`wrap`, `cachified`, a defined function), a hit: the factory never runs. Objects ' +
    'have ten fields; each caller has a private copy, but with cachified and async-cache-dedupe, which have no copies. ' +
    'With `staleWhileRevalidate` (`grace`, `swr`, `stale`) the call has to know how old an entry is; here it is fresh.',
  unit: 'ns',
  combine: 'median',
  processes: 2,
  tables: [
    { name: FRESH, contenders: named(loading), base: LOCMEM },
    { name: FRESH_OR_STALE, contenders: named(loading.filter((peer) => peer.offers.stale)), base: LOCMEM },
  ],
  columns: () => [NUMBERS, OBJECTS],
  prepare(cell, effort, site) {
    const staleFor = cell.table === FRESH_OR_STALE ? TTL : undefined;
    const pick = (store: { getOrSet?(key: string): Promise<unknown> }) => store.getOrSet;
    if (cell.column === NUMBERS) return awaitedHits(cell, effort, site, numbers, pick, staleFor);
    return awaitedHits(cell, effort, site, copied, pick, staleFor);
  },
};

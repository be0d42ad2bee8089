import type { Scenario } from '../contract.js';
import { asyncPeers, LOCMEM } from '../peers/roster.js';
import { awaitedHits, numbers } from './async-calls.js';
import { NUMBERS } from './async-get.js';

const peers = asyncPeers.filter((peer) => peer.offers.getOrSet).map((peer) => peer.name);

export const asyncGetOrSet: Scenario = {
  name: 'async-get-or-set',
  about: '`await getOrSet(key, factory)` (`wrap`, `cachified`, a defined function), a hit: the factory never runs.',
  unit: 'ns',
  combine: 'median',
  tables: [{ name: 'ttl on', contenders: peers, base: LOCMEM }],
  columns: () => [NUMBERS],
  prepare: (cell, effort) => awaitedHits(cell, effort, numbers, (store) => store.getOrSet),
};

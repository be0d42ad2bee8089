import type { Scenario } from '../contract.js';
import { asyncPeers, LOCMEM } from '../peers/roster.js';
import { awaitedHits, numbers, type Values } from './async-calls.js';
import { makeRecord, type RecordValue } from './record.js';

const peers = asyncPeers.filter((peer) => peer.offers.get).map((peer) => peer.name);
export const copied: Values<RecordValue> = { isolation: 'copy', make: makeRecord, idOf: (record) => record.id };

export const NUMBERS = 'numbers';
export const COPIED_OBJECTS = 'objects, copied';

export const asyncGet: Scenario = {
  name: 'async-get',
  about:
    '`await get(key)`, a hit, one after the other, ttl on; objects have ten fields and come back as private copies.',
  unit: 'ns',
  combine: 'median',
  tables: [{ name: 'ttl on', contenders: peers, base: LOCMEM }],
  columns: () => [NUMBERS, COPIED_OBJECTS],
  prepare(cell, effort, site) {
    if (cell.column === NUMBERS) return awaitedHits(cell, effort, site, numbers, (store) => store.get);
    return awaitedHits(cell, effort, site, copied, (store) => store.get);
  },
};

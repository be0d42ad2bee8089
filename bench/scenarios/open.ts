import type { Cell, SyncStore } from '../contract.js';
import { heldPeers, peerNamed, syncPeers, TTL_ON } from '../peers/roster.js';
import { TTL } from '../workload.js';

/** Opens the contender of a cell for primitive values, with the ttl that its table asks for. */
export function openStore(cell: Cell, capacity: number, folder = ''): Promise<SyncStore> {
  const ttl = cell.table === TTL_ON ? TTL : null;
  return peerNamed([...syncPeers, ...heldPeers], cell.contender).open({ capacity, ttl, folder });
}

/** Column titles that the synchronous scenarios share. */
export const SAME_KEYS = 'same key strings';
export const FRESH_KEYS = 'fresh template keys';

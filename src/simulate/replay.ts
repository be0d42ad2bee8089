import type { EvictionPolicy } from '../locmem/policy.js';
import { hashId } from './random.js';

/** Accesses in order, as key ids numbered from 0 by first appearance. */
export interface Trace {
  readonly name: string;
  readonly accesses: Uint32Array;
  /** How many different keys there are; ids are below it. */
  readonly keys: number;
}

/** Hit ratio in percent under demand-fill: every access is a get, and every miss a set that evicts when full. */
export function replay(trace: Trace, size: number, policy: EvictionPolicy, seed = 0): number {
  const { accesses, keys } = trace;
  const slotOf = new Int32Array(keys);
  const idIn = new Int32Array(size + 1);
  let used = 0;
  let hits = 0;
  policy.reserve(Math.min(size, keys));
  for (const id of accesses) {
    let slot = slotOf[id];
    if (slot > 0) {
      hits++;
      policy.hit(slot);
      continue;
    }
    if (used < size) {
      slot = ++used;
    } else {
      slot = policy.evict();
      slotOf[idIn[slot]] = 0;
    }
    slotOf[id] = slot;
    idIn[slot] = id;
    policy.insert(slot, policy.usesHash ? hashId(id, seed) : 0);
  }
  return accesses.length === 0 ? 0 : (100 * hits) / accesses.length;
}

import { endIntent } from './intent.js';
import { BUCKET_WORDS, INTENT, SHARD, VERSION, WAYS } from './layout.js';
import type { ShardMemory } from './shard-memory.js';

/**
 * Makes a shard whole whose owner died, or lost its way, while it wrote. Of what it did, one step can be unfinished, and
 * that is noted in the shard's header; a record at the head that no slot points to is garbage, and written over.
 *
 * @returns whether the shard made sense; where not, it is empty now.
 */
export function repair(memory: ShardMemory): boolean {
  const isSane = memory.probation.isSane && memory.main.isSane && endIntent(memory);
  if (!isSane) resetShard(memory);
  memory.checkCounts();
  return isSane;
}

/** Empties a shard that makes no sense. What its slots said is outdated for every reader and near cache. */
export function resetShard(memory: ShardMemory): void {
  const { words } = memory;
  // Whoever has to go on with this begins again.
  words[SHARD.INTENT] = INTENT.RESET;
  for (let at = memory.firstSlot; at < memory.endOfSlots; at = nextSlot(at, memory)) {
    if (words[at] !== 0 || (words[at + VERSION] & 1) !== 0) memory.empty(at);
  }
  words[SHARD.ENTRIES] = 0;
  memory.probation.clear();
  memory.main.clear();
  memory.checkCounts();
  words[SHARD.INTENT] = INTENT.NONE;
}

export function nextSlot(at: number, memory: ShardMemory): number {
  const inBucket = (at - memory.firstSlot) & (BUCKET_WORDS - 1);
  return inBucket === WAYS - 1 ? at + BUCKET_WORDS - WAYS + 1 : at + 1;
}

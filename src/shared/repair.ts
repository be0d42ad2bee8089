import { META, PLACE, SHARD, VERSION } from './layout.js';
import { RECORD } from './record.js';
import type { ShardMemory } from './shard-memory.js';

/**
 * Makes a shard whole whose owner died, or lost its way, while it wrote. What it can have left behind:
 *
 * - a slot at an odd version. If its record was being changed in place (a count, an expiry), the change is completed:
 *   one store of 8 bytes, so that the old or the new value stands there. Otherwise the entry that was being written is
 *   removed;
 * - a record at the head that no slot points to: it is garbage, and written over;
 * - counts that lag behind: they are made anew.
 *
 * Entries whose place is not in the log any more were evicted, and their owner had no time to say so.
 *
 * @returns whether the shard made sense; where not, it is empty now.
 */
export function repair(memory: ShardMemory): boolean {
  const { words, probation, main } = memory;
  if (!probation.isSane || !main.isSane) {
    resetShard(memory);
    return false;
  }
  const changing = words[SHARD.CHANGING];
  probation.live = 0;
  main.live = 0;
  words[SHARD.ENTRIES] = 0;
  for (let at = memory.firstSlot; at < memory.endOfSlots; at = nextSlot(at, memory)) {
    if ((words[at + VERSION] & 1) !== 0 && at === changing) complete(memory, at);
    if ((words[at + VERSION] & 1) !== 0) empty(memory, at);
    if (words[at] !== 0) recount(memory, at);
  }
  words[SHARD.CHANGING] = 0;
  memory.checkCounts();
  return true;
}

/** Empties a shard that makes no sense. What its slots said is outdated for every reader and near cache. */
export function resetShard(memory: ShardMemory): void {
  for (let at = memory.firstSlot; at < memory.endOfSlots; at = nextSlot(at, memory)) {
    if (memory.words[at] !== 0 || (memory.words[at + VERSION] & 1) !== 0) empty(memory, at);
  }
  memory.words[SHARD.CHANGING] = 0;
  memory.words[SHARD.ENTRIES] = 0;
  memory.probation.clear();
  memory.main.clear();
  memory.checkCounts();
}

export function nextSlot(at: number, memory: ShardMemory): number {
  const inBucket = (at - memory.firstSlot) & (PLACE - 1);
  return inBucket === PLACE - 1 ? at + 1 + META : at + 1;
}

function empty(memory: ShardMemory, at: number): void {
  const version = memory.open(at);
  memory.words[at] = 0;
  memory.words[at + PLACE] = 0;
  memory.words[at + META] = 0;
  memory.close(at, version);
}

function complete(memory: ShardMemory, at: number): void {
  const { words } = memory;
  const unit = memory.unitOf(words[at + PLACE]);
  if (memory.recordBytes(unit) === 0 || words[2 * unit] !== words[at]) return;
  const version = memory.open(at);
  words[2 * unit + RECORD.BINDING] = version;
  memory.sumUp(unit);
  memory.close(at, version);
}

function recount(memory: ShardMemory, at: number): void {
  const unit = memory.unitOf(memory.words[at + PLACE]);
  const units = memory.unitsAt(unit);
  const ring = memory.ringOf(unit);
  const isThere = units > 0 && ring.holds(unit) && memory.words[2 * unit] === memory.words[at];
  if (!isThere || memory.words[2 * unit + RECORD.KIND] < 0) {
    empty(memory, at);
    return;
  }
  ring.live += units;
  memory.words[SHARD.ENTRIES]++;
}

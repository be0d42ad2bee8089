import { INTENT, PLACE, SHARD, VERSION } from './layout.js';
import { RECORD } from './record.js';
import type { ShardMemory } from './shard-memory.js';

/**
 * Ends what the last owner of the lock had begun, if it died or lost its way; in a time that does not depend on the size
 * of the shard. Each case looks at how far its owner had come, and each can be killed and begun again.
 *
 * - UNLINK is done to its end.
 * - PUBLISH: if the slot points to the fresh record, the old one dies. If the slot is at an odd version, the entry is
 *   lost, old and fresh. Otherwise nothing has happened yet.
 * - OVERWRITE: at an odd version, the entry is lost, and its record is filled with nothing: its lengths may be wrong.
 * - AMEND: at an odd version, the eight bytes are the old or the new ones; checksum and version are brought up to date.
 * - MOVE: whichever of the two records the slot points to lives.
 *
 * @returns whether what was noted made sense.
 */
export function endIntent(memory: ShardMemory): boolean {
  const { words } = memory;
  const intent = words[SHARD.INTENT];
  if (intent === INTENT.NONE) return true;
  if (intent === INTENT.COUNT) {
    memory.applyCounts();
    return true;
  }
  const at = words[SHARD.SLOT];
  if (!memory.isSlot(at)) return false;
  const old = recordAt(memory, words[SHARD.OLD]);
  const fresh = recordAt(memory, words[SHARD.FRESH]);
  const isOpen = (words[at + VERSION] & 1) !== 0;
  switch (intent) {
    case INTENT.UNLINK:
      memory.empty(at);
      lay(memory, old);
      memory.finish(-1, old, 0);
      return true;
    case INTENT.PUBLISH:
      if (isOpen) {
        memory.empty(at);
        lay(memory, old);
        lay(memory, fresh);
        memory.finish(old === 0 ? 0 : -1, old, 0);
      } else if (fresh !== 0 && words[at] !== 0 && memory.unitOf(words[at + PLACE]) === fresh) {
        lay(memory, old);
        memory.finish(old === 0 ? 1 : 0, old, fresh);
      } else {
        lay(memory, fresh);
        loseUnless(memory, at, old);
      }
      return true;
    case INTENT.OVERWRITE:
      return endOverwrite(memory, at, isOpen);
    case INTENT.AMEND:
      if (isOpen && !completeAmendment(memory, at)) memory.empty(at);
      loseUnless(memory, at, old);
      return true;
    case INTENT.MOVE:
      if (fresh !== 0 && memory.unitOf(words[at + PLACE]) === fresh) {
        lay(memory, old);
        memory.finish(0, old, fresh);
      } else {
        lay(memory, fresh);
        memory.end();
      }
      return true;
    default:
      return false;
  }
}

/** The unit, 0 if nothing that stands there can be a record of the log. */
function recordAt(memory: ShardMemory, unit: number): number {
  return memory.unitsAt(unit) > 0 && memory.ringOf(unit).holds(unit) ? unit : 0;
}

function lay(memory: ShardMemory, unit: number): void {
  if (unit !== 0) memory.bury(unit);
}

/** Unless the slot still points to its old record, that is lost: an earlier repair may have come so far. */
function loseUnless(memory: ShardMemory, at: number, old: number): void {
  const { words } = memory;
  if (old === 0 || (words[at] !== 0 && memory.unitOf(words[at + PLACE]) === old)) memory.end();
  else {
    lay(memory, old);
    memory.finish(-1, old, 0);
  }
}

function endOverwrite(memory: ShardMemory, at: number, isOpen: boolean): boolean {
  const { words } = memory;
  const unit = words[SHARD.OLD];
  const units = words[SHARD.UNITS];
  const ring = memory.ringOf(unit);
  if (!ring.holds(unit) || units <= 0 || unit + units > ring.end) return false;
  if (isOpen || ring.fillerAt(unit) > 0) {
    ring.fillAt(unit, units);
    memory.empty(at);
    memory.finishWith(-1, ring, -units);
  } else memory.end();
  return true;
}

function completeAmendment(memory: ShardMemory, at: number): boolean {
  const { words } = memory;
  const unit = memory.unitOf(words[at + PLACE]);
  if (memory.recordBytes(unit) === 0 || words[2 * unit] !== words[at]) return false;
  const binding = words[2 * unit + RECORD.BINDING];
  const version = words[at + VERSION];
  if (binding !== ((version - 1) | 0) && binding !== ((version + 1) | 0)) return false;
  memory.bind(at, unit, memory.open(at));
  return true;
}

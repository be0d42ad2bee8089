import type { CacheStats } from '../core/stats.js';
import { endOf } from './extras.js';
import { COUNT, ERA_SHIFT, HEADER, META, PLACE, UNIT } from './layout.js';
import { RECORD } from './record.js';
import { nextSlot } from './repair.js';
import type { Segment } from './segment.js';

/** What a walk of the index finds. */
interface Survey {
  /** Live entries, and the bytes of their records. */
  readonly entries: number;
  readonly bytes: number;
  /** Entries whose time is over, also that to be stale, and that nobody has met since. */
  readonly expired: number;
}

/** What was counted in the segment since it was made, by whomever, and what is in it. */
export function statsOf(segment: Segment, now: number): CacheStats {
  const counted = (what: number) => segment.parts.reduce((sum, { memory }) => sum + memory.counted(what), 0);
  const { entries, bytes, expired } = survey(segment, now);
  const resets = segment.header[HEADER.RESETS];
  return {
    hits: segment.hits,
    misses: segment.misses,
    sets: counted(COUNT.SETS),
    deletes: counted(COUNT.DELETES),
    evictions: counted(COUNT.EVICTIONS),
    expirations: counted(COUNT.EXPIRATIONS) + expired,
    entries,
    bytes,
    ...(resets > 0 && { resets }),
  };
}

/** Walks the index. Takes no lock: what changes meanwhile is counted before or after. */
function survey(segment: Segment, now: number): Survey {
  let expired = 0;
  let entries = 0;
  let bytes = 0;
  for (const { memory } of segment.parts) {
    const { words, floats } = memory;
    for (let at = memory.firstSlot; at < memory.endOfSlots; at = nextSlot(at, memory)) {
      if (words[at] === 0) continue;
      const unit = memory.unitOf(words[at + PLACE]);
      const units = memory.unitsAt(unit);
      if (units === 0) continue;
      // What was not read in this era yet may be damaged.
      if (words[at + META] >>> ERA_SHIFT !== segment.era && !memory.isWhole(unit)) continue;
      if (segment.clears.has(words, 2 * unit)) continue;
      if (floats[(2 * unit + RECORD.EXPIRY) >> 1] <= now) {
        // What is stale is neither: missing, and not gone.
        if (!(endOf(words, floats, 2 * unit) > now)) expired++;
      } else {
        entries++;
        bytes += units * UNIT;
      }
    }
  }
  return { entries, bytes, expired };
}

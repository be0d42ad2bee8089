import { endOf } from './extras.js';
import { BUCKET_WORDS, ERA_SHIFT, META, PLACE, UNIT } from './layout.js';
import { END_OF_NAMESPACE } from './outgoing-record.js';
import { keyBytesOf, RECORD, RECORD_HEADER_BYTES } from './record.js';
import { nextSlot } from './repair.js';
import type { Part, Segment } from './segment.js';

/** Buckets that are walked under the lock without a pause: a millisecond or so. */
const BATCH_WORDS = 512 * BUCKET_WORDS;

/** What a walk of the index finds. */
export interface Survey {
  /** Live entries, and the bytes of their records. */
  readonly entries: number;
  readonly bytes: number;
  /** Entries whose time is over, also that to be stale, and that nobody has met since. */
  readonly expired: number;
}

/** Walks the index. Takes no lock: what changes meanwhile is counted before or after. */
export function survey(segment: Segment, now: number): Survey {
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

/**
 * Removes the entries of a prefix one by one: for prefixes that are not in the segment's table, which is full, or takes
 * no names that long. `namespace` is that of any of its versions.
 */
export function removePrefix(segment: Segment, namespace: Uint8Array): void {
  const prefix = Buffer.from(namespace.subarray(0, namespace.lastIndexOf(0x3a) + 1));
  removeWhere(segment, (key) => isOf(key, prefix));
}

/** Removes the entries of a namespace whose keys begin with `head`, one by one. */
export function removeUnder(segment: Segment, namespace: Uint8Array, head: string): void {
  const start = Buffer.concat([namespace, Buffer.from(head)]);
  const end = namespace.length;
  // The namespace that has no bytes is before no key that has one.
  removeWhere(segment, (key) => isHead(key, start) && key.indexOf(END_OF_NAMESPACE, end) < 0);
}

function removeWhere(segment: Segment, isWanted: (key: Buffer) => boolean): void {
  for (const part of segment.parts) {
    const { firstSlot, endOfSlots } = part.memory;
    for (let from = firstSlot; from < endOfSlots; from += BATCH_WORDS) {
      segment.enter(part);
      try {
        removeFrom(part, from, Math.min(endOfSlots, from + BATCH_WORDS), isWanted);
      } finally {
        segment.leave(part);
      }
    }
  }
}

function removeFrom({ memory, shard }: Part, from: number, end: number, isWanted: (key: Buffer) => boolean): void {
  for (let at = from; at < end; at = nextSlot(at, memory)) {
    if (memory.words[at] === 0) continue;
    const unit = memory.unitOf(memory.words[at + PLACE]);
    if (memory.recordBytes(unit) === 0) continue;
    const start = unit * UNIT + RECORD_HEADER_BYTES;
    const key = memory.log.subarray(start, start + keyBytesOf(memory.words[2 * unit + RECORD.KIND]));
    if (isWanted(key)) shard.remove(at);
  }
}

function isHead(key: Buffer, head: Buffer): boolean {
  return key.length >= head.length && key.subarray(0, head.length).equals(head);
}

/** Whether a key is `prefix:version`, the end of the namespace, and the rest. */
function isOf(key: Buffer, prefix: Buffer): boolean {
  if (!isHead(key, prefix)) return false;
  for (let i = prefix.length; i < key.length; i++) {
    if (key[i] === END_OF_NAMESPACE) return true;
    const isOfNumber = key[i] === 0x2d || (key[i]! >= 0x30 && key[i]! <= 0x39);
    if (!isOfNumber) return false;
  }
  return false;
}

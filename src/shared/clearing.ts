import { InvalidConfigError, show } from '../core/errors.js';
import type { KeySpace } from './key-space.js';
import { BUCKET_WORDS, PLACE, UNIT } from './layout.js';
import { END_OF_NAMESPACE, namespaceBytes } from './outgoing-record.js';
import { keyBytesOf, NO_PREFIX_CELL, RECORD, RECORD_HEADER_BYTES } from './record.js';
import { nextSlot } from './repair.js';
import type { Part, Segment } from './segment.js';

/** Buckets that are walked under the lock without a pause: a millisecond or so. */
const BATCH_WORDS = 512 * BUCKET_WORDS;

/**
 * Clears the prefix of these keys, or the segment where there is none: by one store, or, where the segment's table of
 * prefixes is full or takes no names that long, entry by entry.
 */
export function clearPrefix(segment: Segment, keys: KeySpace): void {
  const { prefix, prefixCell } = keys;
  const { changing } = segment;
  if (prefix === '') changing.clearAll();
  else if (prefixCell !== NO_PREFIX_CELL) changing.clearPrefix(prefixCell);
  else if (keys.hasKeyFunction) throw cannotTell(prefix);
  else {
    // The same with whatever version, up to the version.
    const namespace = namespaceBytes(prefix, 0, false);
    const start = Buffer.from(namespace.subarray(0, namespace.lastIndexOf(0x3a) + 1));
    removeWhere(segment, (key) => isOf(key, start));
  }
}

/** Removes, one by one, the entries of the cache's own version whose keys begin with `head`. */
export function clearHead(segment: Segment, { namespace }: KeySpace, head: string): void {
  const start = Buffer.concat([namespace, Buffer.from(head)]);
  const end = namespace.length;
  // The namespace that has no bytes is before no key that has one.
  removeWhere(segment, (key) => isHead(key, start) && key.indexOf(END_OF_NAMESPACE, end) < 0);
}

function removeWhere(segment: Segment, isWanted: (key: Buffer) => boolean): void {
  segment.clears.sweep();
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

function cannotTell(prefix: string): InvalidConfigError {
  return new InvalidConfigError(
    `clear() cannot tell the entries of prefix ${show(prefix)}: its keys are made by a function, and the segment knows no ` +
      'more prefixes. Use fewer or shorter prefixes, or a location for each.',
  );
}

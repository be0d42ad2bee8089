import { types } from 'node:util';
import { invalidArgument, show, ValueTooLargeError } from '../core/errors.js';
import { Snapshot } from '../core/snapshot.js';

/** What an object costs beside its fields, and what a number, boolean or reference costs. */
const OBJECT_BYTES = 24;
const WORD_BYTES = 8;
/** Objects with more fields than this do not share the names of them with others of their shape. */
const SHARED_NAMES = 32;

/**
 * About how many bytes an entry holds on to: `sizeOf` where the user gives none. Characters count for two bytes, as
 * they may; what the engine shares or packs is not known here, so this is a bound to plan by, not a measurement.
 */
export function estimateEntrySize(value: unknown, key: string): number {
  // A list of its own, not recursion: by reference, values are as deep as their owner likes.
  const pending = [value instanceof Snapshot ? value.data : value];
  const met = new Set<object>();
  let bytes = 2 * key.length;
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) bytes += sizeOfPrimitive(next);
    else if (!met.has(next)) {
      met.add(next);
      bytes += OBJECT_BYTES + ownBytes(next);
      for (const field of fieldsOf(next)) pending.push(field);
    }
  }
  return bytes;
}

/** About what the tags of an entry cost it: their names are shared with the other entries that have them. */
export function estimateTagsSize(tags: readonly string[]): number {
  return tags.length === 0 ? 0 : OBJECT_BYTES + WORD_BYTES * tags.length;
}

/** @throws TypeError if a `sizeOf` made something that is not a size. */
export function checkedSize(size: unknown): number {
  if (Number.isSafeInteger(size) && (size as number) >= 0) return size as number;
  throw invalidArgument(`sizeOf returns a whole number of at least 0; got ${show(size)}.`);
}

/** @throws ValueTooLargeError if the entry would not fit even into an empty store. */
export function checkFits(key: string, size: number, maxSize: number | undefined): void {
  if (maxSize === undefined || size <= maxSize) return;
  throw new ValueTooLargeError(
    `The entry at ${show(key)} has size ${size}; all entries together may have maxSize ${maxSize}.`,
  );
}

function sizeOfPrimitive(value: unknown): number {
  if (typeof value === 'string') return OBJECT_BYTES + 2 * value.length;
  if (typeof value === 'bigint') return WORD_BYTES + Math.ceil(value.toString(16).length / 2);
  return WORD_BYTES;
}

/** What an object holds beside the values of its fields. */
function ownBytes(value: object): number {
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return value.byteLength;
  if (types.isRegExp(value)) return 2 * value.source.length;
  if (Array.isArray(value) || types.isMap(value) || types.isSet(value) || types.isBoxedPrimitive(value)) return 0;
  const names = Object.keys(value);
  return names.length <= SHARED_NAMES ? 0 : names.reduce((sum, name) => sum + 2 * name.length, 0);
}

function fieldsOf(value: object): Iterable<unknown> {
  if (ArrayBuffer.isView(value)) return [];
  if (types.isMap(value)) return [...value.keys(), ...value.values()];
  if (types.isSet(value)) return value;
  if (types.isNativeError(value)) return [value.message, value.stack, value.cause];
  if (types.isBoxedPrimitive(value)) return [value.valueOf()];
  return Object.values(value);
}

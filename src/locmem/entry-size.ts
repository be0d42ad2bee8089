import { invalidArgument, show, ValueTooLargeError } from '../core/errors.js';
import { Snapshot } from '../core/snapshot.js';

/** What an object costs beside its fields, and what a number, boolean or reference costs. */
const OBJECT_BYTES = 24;
const WORD_BYTES = 8;

/**
 * About how many bytes an entry holds on to: `sizeOf` where the user gives none. Characters count for two bytes, as
 * they may; what the engine shares or packs is not known here, so this is a bound to plan by, not a measurement.
 */
export function estimateEntrySize(value: unknown, key: string): number {
  return estimate(value instanceof Snapshot ? value.data : value, new Set()) + 2 * key.length;
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

function estimate(value: unknown, met: Set<object>): number {
  if (typeof value === 'string') return OBJECT_BYTES + 2 * value.length;
  if (typeof value !== 'object' || value === null || met.has(value)) return WORD_BYTES;
  met.add(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return OBJECT_BYTES + value.byteLength;
  let bytes = OBJECT_BYTES;
  if (value instanceof Map) {
    for (const [key, field] of value) bytes += estimate(key, met) + estimate(field, met);
  } else if (value instanceof Set) {
    for (const member of value) bytes += estimate(member, met);
  } else if (Array.isArray(value)) {
    for (const element of value) bytes += estimate(element, met);
  } else {
    // Names of fields are shared by all objects of a shape.
    for (const field of Object.values(value)) bytes += estimate(field, met);
  }
  return bytes;
}

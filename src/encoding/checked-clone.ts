import { cloneFromBytes, cloneToBytes } from '../core/clone-bytes.js';
import { UncacheableValueError } from '../core/errors.js';
import { checkClone, MOST_HOLES } from './clone-check.js';

/** The structured clone of `value` as bytes. Nothing is written that would not be read. @throws UncacheableValueError */
export function encodeClone(value: object): Buffer {
  const bytes = cloneToBytes(value);
  try {
    checkClone(bytes);
  } catch (cause) {
    throw new UncacheableValueError(`Arrays of more than ${MOST_HOLES} holes cannot be cached as bytes.`, { cause });
  }
  return bytes;
}

/** The opposite. The bytes may be anybody's. @throws if they are not what {@link encodeClone} made. */
export function decodeClone(bytes: Buffer): object {
  checkClone(bytes);
  return cloneFromBytes(bytes);
}

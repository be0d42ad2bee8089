import * as zlib from 'node:zlib';
import { UNIT } from './layout.js';

/**
 * Words of a record: the key's hash; the version its slot has while it points here; the moment of expiry (a float, so
 * two words); bytes of the value, with its extras; the stamp of clears when it was written; bytes of the key, codec and prefix, packed;
 * the checksum. Then the key, and the value.
 */
export const RECORD = { HASH: 0, BINDING: 1, EXPIRY: 2, VALUE_BYTES: 4, STAMP: 5, KIND: 6, SUM: 7, KEY: 8 } as const;
export const RECORD_HEADER_BYTES = 32;
export const LONGEST_KEY = 0xffff;

const FORM_SHIFT = 16;
const FORM_MASK = 0x1f;
const CODEC_MASK = 0xf;
/** In a record's form, beside the codec: there are extras before the value (see extras.ts). */
export const WITH_EXTRAS = 0x10;
const HAS_EXTRAS = WITH_EXTRAS << FORM_SHIFT;
const PREFIX_SHIFT = 21;
const PREFIX_MASK = 0x3ff;
/** A record that was overwritten or removed. Not part of the checksum: it is set when the rest is long written. */
export const DEAD = 1 << 31;
/** Records whose prefix is known by its name alone, the table of prefixes being full. */
export const NO_PREFIX_CELL = PREFIX_MASK;

export const CODEC = {
  NUMBER: 1,
  ASCII: 2,
  UTF8: 3,
  UTF16: 4,
  NULL: 5,
  FALSE: 6,
  TRUE: 7,
  BIGINT: 8,
  BUFFER: 9,
  /** msgpack with record structures of the shared dictionary. */
  PACKED: 10,
  /** msgpack that stands by itself. */
  PLAIN: 11,
  /** V8's structured clone. */
  CLONE: 12,
} as const;

/** Whether a record of this kind has extras before its value. */
export function hasExtras(kind: number): boolean {
  return (kind & HAS_EXTRAS) !== 0;
}

export function packKind(keyBytes: number, form: number, prefix: number): number {
  return keyBytes | (form << FORM_SHIFT) | (prefix << PREFIX_SHIFT);
}

export function keyBytesOf(kind: number): number {
  return kind & LONGEST_KEY;
}

/** The codec, and whether there are extras: what decides where things stand in a record. */
export function formOf(kind: number): number {
  return (kind >> FORM_SHIFT) & FORM_MASK;
}

export function codecOf(kind: number): number {
  return (kind >> FORM_SHIFT) & CODEC_MASK;
}

export function prefixOf(kind: number): number {
  return (kind >> PREFIX_SHIFT) & PREFIX_MASK;
}

/**
 * Where the value begins, or the extras before it, in bytes of the record. A number is at a multiple of 8: one store
 * changes it whole; so are extras, and what follows them.
 */
export function valueOffset(keyBytes: number, form: number): number {
  const end = RECORD_HEADER_BYTES + keyBytes;
  return form === CODEC.NUMBER || form >= WITH_EXTRAS ? (end + 7) & ~7 : (end + 3) & ~3;
}

/**
 * The units of 8 bytes that a record takes: what it needs, rounded up to a sixteenth of its magnitude, so that a value
 * which grows or shrinks a little is written where the old one was.
 */
export function recordUnits(keyBytes: number, form: number, valueBytes: number): number {
  const units = Math.ceil((valueOffset(keyBytes, form) + valueBytes) / UNIT);
  const step = 2 ** Math.max(0, 27 - Math.clz32(units));
  return Math.ceil(units / step) * step;
}

/** Up to here the loop below is quicker than a call of the native one. */
const SHORT_BODY = 512;

export const crc32: (bytes: Uint8Array) => number =
  (zlib as { crc32?: (bytes: Uint8Array) => number }).crc32 ?? tableCrc32;

/** The sum of key and value, which stand in `words` and `bytes` from a record's start; unused bytes between are 0. */
export function bodySum(words: Int32Array, bytes: Uint8Array, at: number, end: number): number {
  if (end - RECORD_HEADER_BYTES > SHORT_BODY) {
    return crc32(bytes.subarray(at * 4 + RECORD_HEADER_BYTES, at * 4 + end)) | 0;
  }
  let sum = end;
  const last = at + ((end + 3) >> 2);
  for (let i = at + RECORD.KEY; i < last; i++) {
    sum = Math.imul(sum ^ words[i], 0x85ebca6b);
    sum ^= sum >>> 15;
  }
  return sum;
}

/** The sum of a record's header. The checksum is this and the body's: each can be brought up to date by itself. */
export function headSum(words: Int32Array, at: number): number {
  let sum = 0x5bd1e995;
  for (let i = at; i < at + RECORD.SUM; i++) {
    sum = Math.imul(sum ^ (i === at + RECORD.KIND ? words[i] & ~DEAD : words[i]), 0x9e3779b1);
    sum ^= sum >>> 15;
  }
  return sum;
}

let table: Int32Array | undefined;

/** For Node before 20.15, which has no native one. */
function tableCrc32(bytes: Uint8Array): number {
  table ??= Int32Array.from({ length: 256 }, (_, n) => {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}

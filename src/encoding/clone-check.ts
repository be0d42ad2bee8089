/** V8's tags (value-serializer.cc), of those that `v8.serialize` writes for what `copyGraph` makes. */
const TAG = {
  PADDING: 0x00,
  UNDEFINED: 0x5f,
  NULL: 0x30,
  TRUE: 0x54,
  FALSE: 0x46,
  INT32: 0x49,
  DOUBLE: 0x4e,
  BIGINT: 0x5a,
  ONE_BYTE_STRING: 0x22,
  TWO_BYTE_STRING: 0x63,
  REFERENCE: 0x5e,
  OBJECT: 0x6f,
  END_OBJECT: 0x7b,
  DENSE_ARRAY: 0x41,
  END_DENSE_ARRAY: 0x24,
  SPARSE_ARRAY: 0x61,
  END_SPARSE_ARRAY: 0x40,
  DATE: 0x44,
  TRUE_OBJECT: 0x79,
  FALSE_OBJECT: 0x78,
  NUMBER_OBJECT: 0x6e,
  BIGINT_OBJECT: 0x7a,
  STRING_OBJECT: 0x73,
  REGEXP: 0x52,
  MAP: 0x3b,
  END_MAP: 0x3a,
  SET: 0x27,
  END_SET: 0x2c,
  ARRAY_BUFFER: 0x42,
  HOST_OBJECT: 0x5c,
  ERROR: 0x72,
} as const;
const ERROR_TAG = { MESSAGE: 0x6d, CAUSE: 0x63, STACK: 0x73, END: 0x2e } as const;
/** EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError. */
const ERROR_CLASSES: readonly number[] = [0x45, 0x52, 0x46, 0x53, 0x54, 0x55];

const HEADER = 0xff;
/** The format of all Nodes from 18 on. What is newer than the Node that reads, V8 itself refuses. */
const OLDEST_VERSION = 15;
/** How much longer all arrays together may be than there are bytes for: 8 MB. */
export const MOST_HOLES = 2 ** 20;
const LONGEST_INDEX = 10;

/**
 * Looks through V8's structured clone before V8 is trusted with it, since V8 trusts its lengths: 13 bytes that claim an
 * array of 33 million holes end the process, for lack of memory, as do nested arrays that each claim all that follows, or
 * many views of one buffer, each of which is copied.
 *
 * @throws if a length is not there, an array is more hole than data, or it is anything that
 * `cloneToBytes` does not write: views, shared or growing buffers, modules of WebAssembly, older formats.
 */
export function checkClone(bytes: Buffer): void {
  new CloneCheck(bytes).check();
}

class CloneCheck {
  readonly #bytes: Buffer;
  #at = 0;
  /** What arrays may still claim. */
  #elements: number;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#elements = bytes.length + MOST_HOLES;
  }

  check(): void {
    if (this.#byte() !== HEADER || this.#length() < OLDEST_VERSION) throw unexpected();
    this.#value(this.#tag());
    if (this.#at !== this.#bytes.length) throw unexpected();
  }

  #value(tag: number): void {
    switch (tag) {
      case TAG.UNDEFINED:
      case TAG.NULL:
      case TAG.TRUE:
      case TAG.FALSE:
      case TAG.TRUE_OBJECT:
      case TAG.FALSE_OBJECT:
        break;
      case TAG.INT32:
      case TAG.REFERENCE:
        this.#length();
        break;
      case TAG.DOUBLE:
      case TAG.DATE:
      case TAG.NUMBER_OBJECT:
        this.#skip(8);
        break;
      case TAG.BIGINT:
      case TAG.BIGINT_OBJECT:
        this.#skip(Math.floor(this.#length() / 2));
        break;
      case TAG.ONE_BYTE_STRING:
      case TAG.TWO_BYTE_STRING:
      case TAG.ARRAY_BUFFER:
        this.#skip(this.#length());
        break;
      case TAG.HOST_OBJECT:
        // Node's: which kind of view, how many bytes, the bytes.
        this.#length();
        this.#skip(this.#length());
        break;
      case TAG.STRING_OBJECT:
        this.#string();
        break;
      case TAG.REGEXP:
        this.#string();
        this.#length();
        break;
      case TAG.OBJECT:
        this.#until(TAG.END_OBJECT);
        break;
      case TAG.MAP:
        this.#until(TAG.END_MAP);
        break;
      case TAG.SET:
        this.#until(TAG.END_SET);
        break;
      case TAG.DENSE_ARRAY:
        this.#denseArray();
        break;
      case TAG.SPARSE_ARRAY:
        this.#sparseArray();
        break;
      case TAG.ERROR:
        this.#error();
        break;
      default:
        throw unexpected();
    }
  }

  #denseArray(): void {
    const length = this.#length();
    for (let i = 0; i < length; i++) this.#value(this.#tag());
    this.#fields(TAG.END_DENSE_ARRAY, length);
  }

  #sparseArray(): void {
    const length = this.#length();
    this.#elements -= length;
    if (this.#elements < 0) throw unexpected();
    this.#fields(TAG.END_SPARSE_ARRAY, length);
  }

  /** Those of an array: an index beyond its length would make it longer; then how many they were, and the length again. */
  #fields(end: number, length: number): void {
    for (let tag = this.#tag(); tag !== end; tag = this.#tag()) {
      if (tag === TAG.INT32) {
        const index = this.#length() / 2;
        // With a half, it is a negative number.
        if (!Number.isInteger(index) || index >= length) throw unexpected();
      } else if (isIndex(this.#stringOf(tag))) throw unexpected();
      this.#value(this.#tag());
    }
    this.#length();
    this.#length();
  }

  /** Keys and values, or members; then how many they were, which V8 checks. */
  #until(end: number): void {
    for (let tag = this.#tag(); tag !== end; tag = this.#tag()) this.#value(tag);
    this.#length();
  }

  #error(): void {
    for (let tag = this.#tag(); tag !== ERROR_TAG.END; tag = this.#tag()) {
      if (tag === ERROR_TAG.MESSAGE || tag === ERROR_TAG.STACK) this.#string();
      else if (tag === ERROR_TAG.CAUSE) this.#value(this.#tag());
      else if (!ERROR_CLASSES.includes(tag)) throw unexpected();
    }
  }

  #string(): void {
    this.#stringOf(this.#tag());
  }

  /** @returns the text, if it is so short that it could be an index. */
  #stringOf(tag: number): string {
    if (tag !== TAG.ONE_BYTE_STRING && tag !== TAG.TWO_BYTE_STRING) throw unexpected();
    const length = this.#length();
    const start = this.#at;
    this.#skip(length);
    if (length > 2 * LONGEST_INDEX) return '';
    return this.#bytes.toString(tag === TAG.ONE_BYTE_STRING ? 'latin1' : 'utf16le', start, this.#at);
  }

  #tag(): number {
    let tag = this.#byte();
    while (tag === TAG.PADDING) tag = this.#byte();
    return tag;
  }

  /** A whole number of up to 32 bits, 7 of them in a byte, the lowest first. */
  #length(): number {
    let number = 0;
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const byte = this.#byte();
      number += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (number >= 2 ** 32) throw unexpected();
        return number;
      }
    }
    throw unexpected();
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw unexpected();
    return byte;
  }

  #skip(count: number): void {
    if (count > this.#bytes.length - this.#at) throw unexpected();
    this.#at += count;
  }
}

/** Whether a name is an index to V8, which itself writes those as numbers. */
function isIndex(name: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(name) && Number(name) < 2 ** 32 - 1;
}

function unexpected(): Error {
  return new Error("These bytes are not a structured clone as 'v8.serialize' writes it.");
}

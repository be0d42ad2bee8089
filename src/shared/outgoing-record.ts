import {
  bodySum,
  CODEC,
  headSum,
  LONGEST_KEY,
  packKind,
  RECORD,
  RECORD_HEADER_BYTES,
  recordUnits,
  valueOffset,
  WITH_EXTRAS,
} from './record.js';

/** What Node's buffers have beside what is documented: the same as `toString` and `write`, without reading options. */
interface QuickBuffer extends Buffer {
  utf8Write(text: string, offset: number, length?: number): number;
  latin1Write(text: string, offset: number, length?: number): number;
  ucs2Write(text: string, offset: number, length?: number): number;
}

/** Bytes that no UTF-8 has: they stand between what identifies a namespace and the key, and before a key in UTF-16. */
export const END_OF_NAMESPACE = 0xff;
const NOT_UTF8 = 0xfd;
/** Up to here a loop is quicker than a call of the native encoder (92 ns for 16 characters, against 25). */
const SHORT_KEY = 48;
const FIRST_BYTES = 64 * 1024;

/** A value that is encoded already: what a cache keeps of an object before it is written. */
export class EncodedValue {
  readonly codec: number;
  readonly bytes: Uint8Array;

  constructor(codec: number, bytes: Uint8Array) {
    this.codec = codec;
    this.bytes = bytes;
  }
}

/** What is put before keys, so that no two namespaces share one: nothing for the namespace without prefix and version 1. */
export function namespaceBytes(prefix: string, version: number, hasKeyFunction: boolean): Uint8Array {
  if (hasKeyFunction) return Uint8Array.of(0xfe, END_OF_NAMESPACE);
  if (prefix === '' && version === 1) return new Uint8Array(0);
  const name = prefix.isWellFormed() ? Buffer.from(prefix) : Buffer.concat([Buffer.of(NOT_UTF8), ucs2(prefix)]);
  return Buffer.concat([name, Buffer.from(`:${version}`), Buffer.of(END_OF_NAMESPACE)]);
}

/** The opposite, for a key with its namespace. Where a key function made it: version 0. */
export function nameOf(bytes: Buffer): { readonly key: string; readonly version: number } {
  // A key in UTF-16 may have the byte that ends a namespace, of which there is none then.
  const end = bytes[0] === NOT_UTF8 ? -1 : bytes.indexOf(END_OF_NAMESPACE);
  const rest = bytes.subarray(end + 1);
  const key = rest[0] === NOT_UTF8 ? rest.toString('utf16le', 1) : rest.toString();
  const [, version = 0] = /:(-?\d+)$/.exec(bytes.toString('latin1', 0, Math.max(0, end))) ?? [];
  return { key, version: end < 0 ? 1 : Number(version) };
}

function ucs2(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}

/**
 * The record that is about to be looked for or written, in memory of this thread: first its key, then its value, then,
 * under the lock, its header. There is one for each thread; nothing that may call the cache again runs while it is used.
 */
export class OutgoingRecord {
  words!: Int32Array;
  floats!: Float64Array;
  bytes!: QuickBuffer;
  hash = 0;
  keyBytes = 0;
  /** The codec, and whether there are extras. */
  form = 0;
  /** Of the value, and the extras before it. */
  valueBytes = 0;
  /** Of key and value. */
  sum = 0;
  units = 0;
  prefix = 0;
  /** How often anything had been cleared when the entry was made. */
  stamp = 0;
  #extras: Uint8Array | undefined;

  constructor() {
    this.#grow(FIRST_BYTES);
  }

  /** Writes the key and its hash. @returns whether it can be a key here: 65,535 bytes with its namespace. */
  setKey(namespace: Uint8Array, key: string, seed: number): boolean {
    const start = RECORD_HEADER_BYTES + namespace.length;
    // Checked without the namespace, and with the most that a character can take.
    if (start + key.length * 3 + 8 > this.bytes.length) this.#grow(start + key.length * 3 + 8);
    const { bytes } = this;
    for (let i = 0; i < namespace.length; i++) bytes[RECORD_HEADER_BYTES + i] = namespace[i];
    let end = start + key.length;
    let all = 0;
    if (key.length <= SHORT_KEY) {
      for (let i = 0; i < key.length; i++) {
        const code = key.charCodeAt(i);
        bytes[start + i] = code;
        all |= code;
      }
    }
    if (all > 0x7f || key.length > SHORT_KEY) end = this.#encodeLongKey(key, start);
    this.keyBytes = end - RECORD_HEADER_BYTES;
    if (this.keyBytes > LONGEST_KEY) return false;
    bytes[end] = 0;
    bytes[end + 1] = 0;
    bytes[end + 2] = 0;
    bytes[end + 3] = 0;
    this.hash = this.#hash(seed);
    return true;
  }

  #encodeLongKey(key: string, start: number): number {
    const { bytes } = this;
    const written = bytes.utf8Write(key, start, bytes.length - start);
    if (written === key.length || key.isWellFormed()) return start + written;
    // Lone surrogates would all become the same replacement character.
    bytes[start] = NOT_UTF8;
    return start + 1 + bytes.ucs2Write(key, start + 1, bytes.length - start - 1);
  }

  /** MurmurHash3's rounds (Appleby), of the key's words, with the segment's seed: nobody can choose keys that collide. */
  #hash(seed: number): number {
    const { words } = this;
    const last = RECORD.KEY + ((this.keyBytes + 3) >> 2);
    let hash = seed;
    for (let i = RECORD.KEY; i < last; i++) {
      let word = Math.imul(words[i], 0xcc9e2d51);
      word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
      hash ^= word;
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
    }
    hash ^= this.keyBytes;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    // 0 is the tag of an empty slot.
    return hash ^ (hash >>> 16) || 1;
  }

  /** Writes the value behind the key, with its extras before it, and sums up all. */
  setValue(sealed: unknown, extras?: Uint8Array): void {
    this.#extras = extras;
    if (typeof sealed === 'string') this.#setText(sealed);
    else if (typeof sealed === 'number') {
      const at = this.#begin(CODEC.NUMBER, 8);
      this.floats[at >> 3] = sealed;
    } else if (sealed === null) this.#begin(CODEC.NULL, 0);
    else if (typeof sealed === 'boolean') this.#begin(sealed ? CODEC.TRUE : CODEC.FALSE, 0);
    else if (typeof sealed === 'bigint') this.#setBytes(CODEC.BIGINT, Buffer.from(sealed.toString(16), 'latin1'));
    else this.#setBytes((sealed as EncodedValue).codec, (sealed as EncodedValue).bytes);
    this.#finish();
  }

  /** The same for a value that is bytes already; where its form says so, its extras stand in these bytes, before it. */
  setEncoded(form: number, bytes: Uint8Array, extras?: Uint8Array): void {
    this.#extras = extras;
    this.#setBytes(form, bytes);
    this.#finish();
  }

  /** Under the lock, when it is known where the record goes. */
  writeHeader(binding: number, expiresAt: number): void {
    const { words } = this;
    words[RECORD.HASH] = this.hash;
    words[RECORD.BINDING] = binding;
    this.floats[RECORD.EXPIRY >> 1] = expiresAt;
    words[RECORD.VALUE_BYTES] = this.valueBytes;
    words[RECORD.STAMP] = this.stamp;
    words[RECORD.KIND] = packKind(this.keyBytes, this.form, this.prefix);
    words[RECORD.SUM] = this.sum ^ headSum(words, 0);
  }

  #setText(text: string): void {
    // Room for the most that it can take, if that is little; else for what it does take.
    const most = text.length * 3 <= FIRST_BYTES ? text.length * 3 : Buffer.byteLength(text);
    const at = this.#begin(CODEC.ASCII, most);
    const written = this.bytes.utf8Write(text, at, most);
    this.valueBytes += written - most;
    if (written === text.length) return;
    if (text.isWellFormed()) this.form += CODEC.UTF8 - CODEC.ASCII;
    else {
      this.#begin(CODEC.UTF16, text.length * 2);
      this.bytes.ucs2Write(text, at, text.length * 2);
    }
  }

  #setBytes(form: number, value: Uint8Array): void {
    const at = this.#begin(form, value.length);
    this.bytes.set(value, at);
  }

  /** @returns where the value is to be written, of so many bytes at most. */
  #begin(form: number, valueBytes: number): number {
    const extras = this.#extras;
    this.form = extras === undefined ? form : form | WITH_EXTRAS;
    this.valueBytes = extras === undefined ? valueBytes : extras.length + valueBytes;
    const at = valueOffset(this.keyBytes, this.form);
    if (at + this.valueBytes + 8 > this.bytes.length) this.#grow(at + this.valueBytes + 8);
    if (extras === undefined) return at;
    this.bytes.set(extras, at);
    return at + extras.length;
  }

  #finish(): void {
    const { bytes } = this;
    const start = valueOffset(this.keyBytes, this.form);
    const end = start + this.valueBytes;
    for (let i = RECORD_HEADER_BYTES + this.keyBytes; i < start; i++) bytes[i] = 0;
    bytes[end] = 0;
    bytes[end + 1] = 0;
    bytes[end + 2] = 0;
    this.units = recordUnits(this.keyBytes, this.form, this.valueBytes);
    this.sum = bodySum(this.words, bytes, 0, end);
  }

  /** To more than what is needed, with the key that is there. */
  #grow(needed: number): void {
    const old = this.bytes;
    const memory = new ArrayBuffer(Math.max(FIRST_BYTES, (needed + (needed >> 2) + 7) & ~7));
    this.bytes = Buffer.from(memory) as QuickBuffer;
    this.words = new Int32Array(memory);
    this.floats = new Float64Array(memory);
    if (old !== undefined) this.bytes.set(old.subarray(0, Math.min(old.length, LONGEST_KEY + RECORD_HEADER_BYTES)));
  }
}

import { endOf, extrasBytes, loadTimeOf, tagCellsOf, tagsOf } from './extras.js';
import { UNIT } from './layout.js';
import { bodySum, codecOf, formOf, hasExtras, headSum, keyBytesOf, RECORD, valueOffset } from './record.js';

/** Up to here copying word by word is quicker than a call. */
const SHORT_WORDS = 64;
const FIRST_BYTES = 64 * 1024;

/** What Node's buffers have beside what is documented: the same as `toString`, without reading options. */
export interface QuickBuffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
  ucs2Slice(start: number, end: number): string;
}

/** The record that was copied out of the log last, in memory of this thread: what is decoded can no longer change. */
export class IncomingRecord {
  words!: Int32Array;
  floats!: Float64Array;
  bytes!: QuickBuffer;
  /** The value, where it is a text that was taken out of the log as a string at once. */
  text: string | undefined = undefined;

  constructor() {
    this.#grow(FIRST_BYTES);
  }

  get kind(): number {
    return this.words[RECORD.KIND];
  }

  get codec(): number {
    return codecOf(this.words[RECORD.KIND]);
  }

  get expiresAt(): number {
    return this.floats[RECORD.EXPIRY >> 1];
  }

  get stamp(): number {
    return this.words[RECORD.STAMP];
  }

  /** Of the value alone. */
  get valueBytes(): number {
    const bytes = this.words[RECORD.VALUE_BYTES];
    return hasExtras(this.words[RECORD.KIND]) ? bytes - extrasBytes(this.words, 0) : bytes;
  }

  get valueAt(): number {
    const kind = this.words[RECORD.KIND];
    const at = valueOffset(keyBytesOf(kind), formOf(kind));
    return hasExtras(kind) ? at + extrasBytes(this.words, 0) : at;
  }

  /** Codec, and whether there are extras. */
  get form(): number {
    return formOf(this.words[RECORD.KIND]);
  }

  /** Extras, if there are any, and value. */
  get body(): Uint8Array {
    return this.bytes.subarray(this.bodyAt, this.bodyAt + this.words[RECORD.VALUE_BYTES]);
  }

  private get bodyAt(): number {
    const kind = this.words[RECORD.KIND];
    return valueOffset(keyBytesOf(kind), formOf(kind));
  }

  /** The moment from which on nobody has any use for it. */
  get endsAt(): number {
    return endOf(this.words, this.floats, 0);
  }

  get loadTime(): number {
    return loadTimeOf(this.words, this.floats, 0);
  }

  get tags(): string[] {
    return tagsOf(this.words, this.bytes);
  }

  /** Cell and count of each tag; `undefined` if there is none. */
  get tagCells(): Int32Array | undefined {
    return tagCellsOf(this.words, 0);
  }

  /** Copies `bytes` of the log, from the record at `unit`. They may change meanwhile: believe nothing yet. */
  copy(words: Int32Array, log: Buffer, unit: number, bytes: number): void {
    this.text = undefined;
    if (bytes + UNIT > this.bytes.length) this.#grow(bytes + UNIT);
    const count = (bytes + 3) >> 2;
    if (count <= SHORT_WORDS) {
      const own = this.words;
      const from = 2 * unit;
      for (let i = 0; i < count; i++) own[i] = words[from + i];
      // Whole words: the checksum is over them.
    } else log.copy(this.bytes, 0, unit * UNIT, unit * UNIT + 4 * count);
  }

  /**
   * The same for a record whose value, from `valueAt` on, is a text in ASCII: the string is the copy of it (10 KB: 1.2 µs
   * instead of 1.6). For records that need no verification.
   */
  copyText(words: Int32Array, log: QuickBuffer, unit: number, valueAt: number, bytes: number): void {
    this.copy(words, log, unit, valueAt);
    this.text = log.latin1Slice(unit * UNIT + valueAt, unit * UNIT + bytes);
  }

  /** Whether the key is this one, of so many bytes, zeros up to the next word. */
  hasKey(key: Int32Array, keyBytes: number): boolean {
    const { words } = this;
    if (keyBytesOf(words[RECORD.KIND]) !== keyBytes) return false;
    const last = RECORD.KEY + ((keyBytes + 3) >> 2);
    for (let i = RECORD.KEY; i < last; i++) if (words[i] !== key[i]) return false;
    return true;
  }

  /** Whether the record is as it was written. */
  isWhole(): boolean {
    const end = this.bodyAt + this.words[RECORD.VALUE_BYTES];
    return (bodySum(this.words, this.bytes, 0, end) ^ headSum(this.words, 0)) === this.words[RECORD.SUM];
  }

  #grow(bytes: number): void {
    const memory = new ArrayBuffer(Math.max(FIRST_BYTES, (bytes + (bytes >> 2) + 7) & ~7));
    this.bytes = Buffer.from(memory) as QuickBuffer;
    this.words = new Int32Array(memory);
    this.floats = new Float64Array(memory);
  }
}

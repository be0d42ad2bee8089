import { HEADER, PREFIX, PREFIX_BYTES, PREFIX_NAME_BYTES } from './layout.js';
import { crc32, NO_PREFIX_CELL } from './record.js';
import type { ShardLock } from './shard-lock.js';

const CELL_WORDS = PREFIX_BYTES / 4;
/** The dictionary's word: which half is valid, and how many bytes of it. One store changes both. */
const HALF = 1 << 30;
const SUM_BYTES = 4;

/**
 * What of the header changes: clears, the prefixes in use, and the dictionary of record structures. Changed under a
 * lock, read without it: each change is in force by one store.
 */
export class ChangingHeader {
  readonly #words: Int32Array;
  /** Of the two sums, in another page: one that came back from an earlier time fits only itself. */
  readonly #copies: Int32Array;
  readonly #prefixes: Int32Array;
  readonly #prefixBytes: Buffer;
  readonly #cells: number;
  readonly #dictionary: Buffer;
  readonly #lock: ShardLock;

  constructor(words: Int32Array, copies: Int32Array, prefixes: Int32Array, dictionary: Buffer, lock: ShardLock) {
    this.#words = words;
    this.#copies = copies;
    this.#prefixes = prefixes;
    this.#prefixBytes = Buffer.from(prefixes.buffer, prefixes.byteOffset, prefixes.byteLength);
    this.#cells = prefixes.length / CELL_WORDS;
    this.#dictionary = dictionary;
    this.#lock = lock;
  }

  /** Whether it is as it was left, or as it was to become: looked at by who attaches when nobody else is there. */
  isWhole(): boolean {
    const sum = this.#sum();
    const isKnown = sum === this.#words[HEADER.CHANGING_SUM] || sum === this.#words[HEADER.NEXT_SUM];
    return isKnown && this.#copies.includes(sum) && this.dictionary() !== null;
  }

  /** As it was in the beginning. */
  forget(): void {
    this.#lock.acquire();
    try {
      this.#words.fill(0, HEADER.CLEARS, HEADER.CHANGING_SUM);
      this.#prefixes.fill(0);
      this.#setSum(this.#sum());
    } finally {
      this.#lock.release();
    }
  }

  clearAll(): void {
    this.#change(() => this.#store(HEADER.CLEARED, this.#nextClear()));
  }

  clearPrefix(cell: number): void {
    this.#change(() => this.#storePrefix(cell * CELL_WORDS + PREFIX.CLEARED, this.#nextClear()));
  }

  /** From here on, what is written is stamped as later than the clear that is about to be. */
  #nextClear(): number {
    const clears = (this.#words[HEADER.CLEARS] + 1) | 0;
    this.#store(HEADER.CLEARS, clears);
    return clears;
  }

  /** The cell of a prefix, taken where it has none yet; `NO_PREFIX_CELL` if it is too long, or they are all taken. */
  cellOf(prefix: string): number {
    const name = Buffer.from(prefix, 'utf16le');
    if (name.length > PREFIX_NAME_BYTES) return NO_PREFIX_CELL;
    const found = this.#findCell(name);
    if (found !== NO_PREFIX_CELL) return found;
    let cell = NO_PREFIX_CELL;
    this.#change(() => {
      cell = this.#findCell(name);
      const used = this.#words[HEADER.PREFIXES];
      if (cell !== NO_PREFIX_CELL || used >= this.#cells) return;
      cell = used;
      const at = cell * CELL_WORDS;
      // Everything may have been cleared when there was no such prefix yet.
      this.#prefixes[at + PREFIX.CLEARED] = this.#words[HEADER.CLEARED];
      this.#prefixes[at + PREFIX.LENGTH] = name.length;
      this.#prefixBytes.set(name, (at + PREFIX.NAME) * 4);
      this.#store(HEADER.PREFIXES, cell + 1);
    });
    return cell;
  }

  #findCell(name: Buffer): number {
    const used = Math.min(Atomics.load(this.#words, HEADER.PREFIXES), this.#cells);
    for (let cell = 0; cell < used; cell++) {
      const at = cell * CELL_WORDS;
      if (this.#prefixes[at + PREFIX.LENGTH] !== name.length) continue;
      const start = (at + PREFIX.NAME) * 4;
      if (this.#prefixBytes.subarray(start, start + name.length).equals(name)) return cell;
    }
    return NO_PREFIX_CELL;
  }

  /** The dictionary's bytes, empty if there is none yet; `null` if they are not what was written. */
  dictionary(): Buffer | null {
    for (;;) {
      const word = Atomics.load(this.#words, HEADER.DICTIONARY);
      const length = word & ~HALF;
      if (length === 0) return Buffer.alloc(0);
      if (length < 0 || length > this.dictionaryRoom) return null;
      const at = this.#halfAt(word);
      const bytes = Buffer.from(this.#dictionary.subarray(at + SUM_BYTES, at + SUM_BYTES + length));
      const sum = this.#dictionary.readInt32LE(at);
      // Copied before it is believed: two changes later, this half is written over.
      if (Atomics.load(this.#words, HEADER.DICTIONARY) === word) return sum === sumOf(bytes) ? bytes : null;
    }
  }

  /** How long a dictionary may be. */
  get dictionaryRoom(): number {
    return this.#dictionary.length / 2 - SUM_BYTES;
  }

  /** Puts `bytes` in the place of the dictionary, if it is still the one of `length` bytes that they go on from. */
  replaceDictionary(length: number, bytes: Buffer): boolean {
    let isReplaced = false;
    this.#change(() => {
      const word = this.#words[HEADER.DICTIONARY];
      if ((word & ~HALF) !== length) return;
      const next = (word & HALF) ^ HALF;
      const at = this.#halfAt(next);
      this.#dictionary.writeInt32LE(sumOf(bytes), at);
      this.#dictionary.set(bytes, at + SUM_BYTES);
      this.#store(HEADER.DICTIONARY, next | bytes.length);
      isReplaced = true;
    });
    return isReplaced;
  }

  #halfAt(word: number): number {
    return (word & HALF) === 0 ? 0 : this.#dictionary.length / 2;
  }

  /** Rare: prefixes are few, and so are clears. */
  #change(change: () => void): void {
    this.#lock.acquire();
    try {
      change();
    } finally {
      this.#lock.release();
    }
  }

  /** Puts a change in force by one store. Who dies at it leaves the old or the new state, and the sums of both. */
  #store(at: number, value: number): void {
    this.#announce(at, value, -1);
    Atomics.store(this.#words, at, value);
    this.#setSum(this.#words[HEADER.NEXT_SUM]);
  }

  #storePrefix(at: number, value: number): void {
    this.#announce(-1, value, at);
    Atomics.store(this.#prefixes, at, value);
    this.#setSum(this.#words[HEADER.NEXT_SUM]);
  }

  #announce(at: number, value: number, prefixAt: number): void {
    // What the last one left behind may be either of the two.
    this.#setSum(this.#sum());
    const next = this.#sum(at, value, prefixAt);
    this.#copies[1] = next;
    this.#words[HEADER.NEXT_SUM] = next;
  }

  #setSum(sum: number): void {
    this.#copies[0] = sum;
    this.#words[HEADER.CHANGING_SUM] = sum;
  }

  /** Lets go of the lock that this thread, or one who is gone, kept: each state is whole. */
  recover(): void {
    if (this.#lock.isAbandoned()) this.#change(() => {});
  }

  recoverOwn(): void {
    if (this.#lock.isOwn()) this.recover();
  }

  /** As it is, or as it will be with another value at one place of the words, or of the prefixes. */
  #sum(at = -1, value = 0, prefixAt = -1): number {
    const word = (i: number) => (i === at ? value : this.#words[i]);
    let sum = 1;
    for (let i = HEADER.CLEARS; i < HEADER.CHANGING_SUM; i++) sum = (Math.imul(sum, 31) + word(i)) | 0;
    const used = Math.min(Math.max(0, word(HEADER.PREFIXES)), this.#cells);
    for (let i = 0; i < used * CELL_WORDS; i++) {
      sum = (Math.imul(sum, 31) + (i === prefixAt ? value : this.#prefixes[i])) | 0;
    }
    return sum;
  }
}

function sumOf(bytes: Buffer): number {
  return crc32(bytes) | 0;
}

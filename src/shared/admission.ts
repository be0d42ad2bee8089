import { ADMISSION_HEADER_WORDS, SHARD } from './layout.js';

/** The word of the policy's header: how much was counted since the counters were halved last. */
const COUNTED = 0;
/** Counters of 4 bits, eight in a word, one in each of four rows for each key. */
const MOST = 15;
const ROWS = 4;
/** The counters are halved when ten times as much was counted as there are entries: what was hot long ago is forgotten. */
const SAMPLE = 10;
const FEWEST_ENTRIES = 16;
/**
 * How much more often a newcomer must have been used than the entry that it is to replace. Counts so small are noisy:
 * without a margin, entries of equal worth replace each other (1.2 points of the mean hit ratio).
 */
const MARGIN = 1;
/** Bits of a slot's meta word that lock-free hits raise. */
const VISITS = 3;

/**
 * Frequency-aware admission, after TinyLFU (Einziger, Friedman, Manes 2017): what leaves the probation log enters the main
 * one only if it was used more often, lately, than the entry that has to go there. So a scan passes through probation and
 * leaves the main log alone.
 *
 * Uses are counted in a count-min sketch, by fingerprints: also those of keys that are gone, so that one which comes back
 * again and again is let in. A hit takes no lock and only raises two bits of its slot; they are counted when the log's
 * tail gets to the entry. All state is in the segment; whatever stands there is a state.
 */
export class Admission {
  readonly #words: Int32Array;
  readonly #counters: number;
  readonly #first: number;

  constructor(words: Int32Array, first: number, slots: number) {
    this.#words = words;
    this.#first = first;
    this.#counters = slots;
  }

  /** A key that is not in the shard is being stored. */
  entered(hash: number): void {
    this.#count(hash, 1);
  }

  /** Whether an entry is worth more than the one that would have to go for it. */
  promotes(hash: number, meta: number, victimHash: number, victimMeta: number): boolean {
    const victim = this.#frequency(victimHash) + (victimMeta & VISITS);
    return this.#frequency(hash) + (meta & VISITS) > victim + MARGIN;
  }

  /** An entry has come to the end of a log, with these hits. */
  left(hash: number, meta: number): void {
    if ((meta & VISITS) !== 0) this.#count(hash, meta & VISITS);
  }

  #frequency(hash: number): number {
    let least = MOST;
    for (let row = 0; row < ROWS; row++) {
      const at = this.#at(hash, row);
      least = Math.min(least, (this.#words[at >>> 3] >>> ((at & 7) << 2)) & MOST);
    }
    return least;
  }

  #count(hash: number, times: number): void {
    const words = this.#words;
    for (let row = 0; row < ROWS; row++) {
      const at = this.#at(hash, row);
      const shift = (at & 7) << 2;
      const counter = (words[at >>> 3] >>> shift) & MOST;
      const sum = Math.min(MOST, counter + times);
      words[at >>> 3] = (words[at >>> 3] & ~(MOST << shift)) | (sum << shift);
    }
    words[this.#first + COUNTED] += times;
    const limit = SAMPLE * Math.max(FEWEST_ENTRIES, words[SHARD.ENTRIES]);
    if (words[this.#first + COUNTED] >= limit || words[this.#first + COUNTED] < 0) this.#halve();
  }

  #halve(): void {
    const words = this.#words;
    const end = this.#first + ADMISSION_HEADER_WORDS + this.#counters;
    for (let i = this.#first + ADMISSION_HEADER_WORDS; i < end; i++) words[i] = (words[i] >>> 1) & 0x77777777;
    words[this.#first + COUNTED] = words[this.#first + COUNTED] >>> 1;
  }

  /** The counter of a key in one row, in nibbles of the words. */
  #at(hash: number, row: number): number {
    let mixed = Math.imul(hash ^ (row * 0x9e3779b1), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    mixed ^= mixed >>> 16;
    const word = this.#first + ADMISSION_HEADER_WORDS + Math.floor(((mixed >>> 0) / 2 ** 32) * this.#counters);
    return word * 8 + (mixed & 7);
  }
}

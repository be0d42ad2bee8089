import { SHARD } from './layout.js';

/** Counters of 4 bits, eight in a word. */
const MOST = 15;
const ROWS = 4;
/** The counters are halved when ten times as much was counted as there are entries: what was hot long ago is forgotten. */
const SAMPLE = 10;
const FEWEST_ENTRIES = 16;

/**
 * A count-min sketch of how often keys were used (Cormode, Muthukrishnan 2005), after TinyLFU: also of keys that are
 * gone, so that one which comes back again and again is let in. It stands in the segment; whatever stands there is a
 * sketch.
 */
export class FrequencySketch {
  readonly #words: Int32Array;
  /** The word that says how much was counted since the counters were halved last. */
  readonly #counted: number;
  readonly #first: number;
  readonly #size: number;

  constructor(words: Int32Array, counted: number, first: number, size: number) {
    this.#words = words;
    this.#counted = counted;
    this.#first = first;
    this.#size = size;
  }

  /** From 0 to 15; rarely more than it was, never less. */
  of(hash: number): number {
    let least = MOST;
    for (let row = 0; row < ROWS; row++) {
      const at = this.#at(hash, row);
      least = Math.min(least, (this.#words[at >>> 3] >>> ((at & 7) << 2)) & MOST);
    }
    return least;
  }

  count(hash: number, times: number): void {
    const words = this.#words;
    for (let row = 0; row < ROWS; row++) {
      const at = this.#at(hash, row);
      const shift = (at & 7) << 2;
      const counter = (words[at >>> 3] >>> shift) & MOST;
      const sum = Math.min(MOST, counter + times);
      words[at >>> 3] = (words[at >>> 3] & ~(MOST << shift)) | (sum << shift);
    }
    const counted = words[this.#counted] + times;
    const isDue = counted < 0 || counted >= SAMPLE * Math.max(FEWEST_ENTRIES, words[SHARD.ENTRIES]);
    if (isDue) this.#halve();
    words[this.#counted] = isDue ? counted >>> 1 : counted;
  }

  #halve(): void {
    const words = this.#words;
    const end = this.#first + this.#size;
    for (let i = this.#first; i < end; i++) words[i] = (words[i] >>> 1) & 0x77777777;
  }

  /** The counter of a key in one row, in nibbles of the words. */
  #at(hash: number, row: number): number {
    let mixed = Math.imul(hash ^ (row * 0x9e3779b1), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    mixed ^= mixed >>> 16;
    const word = this.#first + Math.floor(((mixed >>> 0) / 2 ** 32) * this.#size);
    return word * 8 + (mixed & 7);
  }
}

import { hashId } from './random.js';

const ROWS = 4;
const MOST = 15;

/**
 * TinyLFU's popularity sketch (Einziger, Friedman, Manes 2017) as Caffeine has it: four rows of counters up to 15, four
 * in a row for each entry, all halved after ten uses for each entry. Every use counts in every row, without the
 * refinement of raising only the least counters: exact counts would cost W-TinyLFU its good figures on loops and
 * reversing scans, where a newcomer has always been counted once more than the entry it would replace in vain.
 */
export class CountMinSketch {
  private readonly counters: Uint8Array;
  private readonly width: number;
  private readonly sample: number;
  private additions = 0;

  constructor(maxEntries: number) {
    this.width = 2 ** Math.ceil(Math.log2(4 * maxEntries));
    this.counters = new Uint8Array(ROWS * this.width);
    this.sample = 10 * maxEntries;
  }

  increment(hash: number): void {
    let added = false;
    for (let row = 0; row < ROWS; row++) {
      const at = this.index(row, hash);
      if (this.counters[at] === MOST) continue;
      this.counters[at]++;
      added = true;
    }
    if (added && ++this.additions >= this.sample) this.halve();
  }

  estimate(hash: number): number {
    let least = MOST;
    for (let row = 0; row < ROWS; row++) least = Math.min(least, this.counters[this.index(row, hash)]);
    return least;
  }

  private index(row: number, hash: number): number {
    return row * this.width + (hashId(hash, Math.imul(row + 1, 0x9e3779b9)) & (this.width - 1));
  }

  private halve(): void {
    for (let at = 0; at < this.counters.length; at++) this.counters[at] >>= 1;
    this.additions >>= 1;
  }
}

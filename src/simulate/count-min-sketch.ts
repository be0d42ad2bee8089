import { hashId } from './random.js';

const ROWS = 4;
const MOST = 15;

/** TinyLFU's popularity sketch (Einziger, Friedman, Manes 2017): four rows of counters up to 15, halved by age. */
export class CountMinSketch {
  private readonly counters: Uint8Array;
  private readonly width: number;
  private readonly sample: number;
  private additions = 0;

  constructor(maxEntries: number) {
    this.width = 2 ** Math.ceil(Math.log2(Math.max(16, 4 * maxEntries)));
    this.counters = new Uint8Array(ROWS * this.width);
    this.sample = 10 * maxEntries;
  }

  increment(hash: number): void {
    const least = this.estimate(hash);
    if (least === MOST) return;
    for (let row = 0; row < ROWS; row++) {
      const at = this.index(row, hash);
      if (this.counters[at] === least) this.counters[at]++;
    }
    if (++this.additions >= this.sample) this.halve();
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

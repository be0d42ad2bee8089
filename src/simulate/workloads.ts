import { seededRandom } from './random.js';
import type { Trace } from './replay.js';

const ACCESSES = 100_000;

/** Later phases, scans and the like use ids that no earlier part used. */
type Workload = (random: () => number) => Generator<number, void>;

/** Made-up loads, each with one property that traces of real systems have in some mixture. */
export const workloads: Readonly<Record<string, Workload>> = {
  /** Independent draws, mildly skewed: long memory pays, recency says little. */
  *'zipf-0.7'(random) {
    const draw = zipf(20_000, 0.7, random);
    for (;;) yield draw();
  },

  *'zipf-1.0'(random) {
    const draw = zipf(20_000, 1, random);
    for (;;) yield draw();
  },

  /** Popularity that drifts: every 20,000 accesses the ranks move on by 300 keys. */
  *'zipf-shifting'(random) {
    const draw = zipf(10_000, 1, random);
    for (let at = 0; ; at++) yield draw() + 300 * Math.floor(at / 20_000);
  },

  /** A skewed load interrupted by scans over keys that never come back. */
  *'zipf-and-scans'(random) {
    const draw = zipf(10_000, 0.9, random);
    for (let fresh = 10_000; ; ) {
      for (let at = 0; at < 8_000; at++) yield draw();
      for (let at = 0; at < 4_000; at++) yield fresh++;
    }
  },

  /** Every key is used two or three times in a row, and half of them never again. */
  *bursts(random) {
    const draw = zipf(10_000, 0.9, random);
    for (let fresh = 10_000; ; ) {
      const id = random() < 0.5 ? draw() : fresh++;
      yield id;
      yield id;
      if (random() < 0.3) yield id;
    }
  },

  /** A loop: LRU hits nothing until the whole of it fits. */
  *loop() {
    for (let at = 0; ; at++) yield at % 1_500;
  },

  /** A scan that turns round at either end: LRU is optimal, and one-interval frequency is misled. */
  *zigzag() {
    for (;;) {
      for (let id = 0; id < 1_500; id++) yield id;
      for (let id = 1_499; id >= 0; id--) yield id;
    }
  },

  /** Keys are born, used for a while and never again: recency is all there is. */
  *recency(random) {
    const draw = zipf(1_500, 0.7, random);
    for (let at = 0; ; at++) yield draw() + Math.floor(at / 4);
  },

  /** Recency and a loop by turns, 20,000 accesses each: a policy has to change its mind. */
  *phases(random) {
    const draw = zipf(1_000, 0.7, random);
    for (let base = 10_000; ; base += 10_000) {
      for (let at = 0; at < 20_000; at++) yield base + draw() + Math.floor(at / 4);
      for (let at = 0; at < 20_000; at++) yield at % 1_500;
    }
  },
};

/** The first `accesses` of a workload as a trace, the same for the same seed. */
export function generate(name: string, seed: number, accesses = ACCESSES): Trace {
  const ids = new Uint32Array(accesses);
  const numbered = new Map<number, number>();
  let at = 0;
  for (const id of workloads[name](seededRandom(seed))) {
    if (at === accesses) break;
    const number = numbered.get(id) ?? numbered.size;
    numbered.set(id, number);
    ids[at++] = number;
  }
  return { name, accesses: ids, keys: numbered.size };
}

/** Draws from 0 to n - 1, where k has a weight of 1 / (k + 1) ^ skew: by bisection of the summed weights. */
function zipf(n: number, skew: number, random: () => number): () => number {
  const sums = new Float64Array(n);
  let sum = 0;
  for (let k = 0; k < n; k++) {
    sum += 1 / (k + 1) ** skew;
    sums[k] = sum;
  }
  return () => {
    const drawn = random() * sum;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] < drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

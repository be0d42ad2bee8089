/** Numbers from 0 up to, not including, 1. */
export type Random = () => number;

/**
 * A small generator with a seed (mulberry32): the same seed gives the same numbers on every machine, which
 * `Math.random` cannot promise.
 */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Draws ranks from 0 to `size - 1` by Zipf's law: rank r comes up in proportion to 1 / (r + 1) ** exponent. That is how
 * unevenly people ask for things: a few of them all the time, most of them hardly ever.
 */
export function zipf(size: number, exponent: number, random: Random): () => number {
  const upTo = new Float64Array(size);
  let total = 0;
  for (let rank = 0; rank < size; rank++) {
    total += 1 / (rank + 1) ** exponent;
    upTo[rank] = total;
  }
  return () => {
    const point = random() * total;
    let low = 0;
    let high = size - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (upTo[middle] > point) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Keys and the order in which they are asked for: the same for every contender, the same in every run. */

export const CAPACITY = 1000;
export const TTL = 3_600_000;

export function keyOf(id: number): string {
  return `user:${id}`;
}

/** A small seeded generator (mulberry32): numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `rounds` shuffles of the ids `0..count - 1`, one after the other: uniform, and every id occurs. */
export function shuffledIds(count: number, rounds: number): Int32Array {
  const random = randomFrom(count);
  const ids = new Int32Array(count * rounds);
  for (let round = 0; round < rounds; round++) {
    const base = round * count;
    for (let i = 0; i < count; i++) {
      const other = Math.floor(random() * (i + 1));
      ids[base + i] = ids[base + other] as number;
      ids[base + other] = i;
    }
  }
  return ids;
}

/** `length` draws from `0..count - 1` by Zipf's law with exponent `skew`, ranks spread over the ids. */
export function zipfIds(count: number, skew: number, length: number): Int32Array {
  const random = randomFrom(length);
  const spread = shuffledIds(count, 1);
  const cumulative = new Float64Array(count);
  let total = 0;
  for (let rank = 0; rank < count; rank++) {
    total += (rank + 1) ** -skew;
    cumulative[rank] = total;
  }
  return Int32Array.from({ length }, () => spread[firstAtLeast(cumulative, random() * total)] as number);
}

function firstAtLeast(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One string object per id, shared by all its places in the order: what a program has that keeps its keys. */
export function keysInOrder(ids: Int32Array, keys: readonly string[]): string[] {
  return Array.from(ids, (id) => keys[id] as string);
}

export function keysUpTo(count: number): string[] {
  return Array.from({ length: count }, (_, id) => keyOf(id));
}

export function sumOf(numbers: Int32Array): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}

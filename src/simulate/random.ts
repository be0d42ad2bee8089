/** A seeded source of numbers in [0, 1): Weyl sequence through a 32-bit mixer ("mulberry32", public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The 32-bit hash of a trace's key id: MurmurHash3's finaliser. It is a bijection, so ids never collide and the
 * reference policies, which remember hashes, are exact.
 */
export function hashId(id: number, seed: number): number {
  let hash = id ^ seed;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** A word: 16 bits of the key's fingerprint, why it went, and when, in 15 bits. 0 is nobody. */
const FINGERPRINT_SHIFT = 16;
const WHY = 1 << 15;
const TIME = WHY - 1;

/** Why a key had to go. */
export const GONE = {
  /** It was used less often than what it would have replaced. */
  AS_RARE: 1,
  /** It was used more often than what replaced it, which was let in for being recent. */
  FOR_RECENT: 2,
} as const;

/**
 * Fingerprints of keys that had to go, with the reason and the time (ghosts, as in ARC and S3-FIFO). One place for each
 * key, where the latest stays; a strange key is taken for another one in 65,536.
 */
export class DepartedKeys {
  /** Of the key last recalled: how long it was gone, in the time that `remember` was told. */
  goneFor = 0;
  readonly #words: Int32Array;
  readonly #first: number;
  readonly #size: number;

  constructor(words: Int32Array, first: number, size: number) {
    this.#words = words;
    this.#first = first;
    this.#size = size;
  }

  /** `time` goes round at 2^15. */
  remember(hash: number, why: number, time: number): void {
    this.#words[this.#at(hash)] =
      (fingerprintOf(hash) << FINGERPRINT_SHIFT) | (why === GONE.FOR_RECENT ? WHY : 0) | (time & TIME);
  }

  /** Finds a key and forgets it. @returns why it went, 0 if it is not known. */
  recall(hash: number, time: number): number {
    const at = this.#at(hash);
    const word = this.#words[at];
    if (word === 0 || word >>> FINGERPRINT_SHIFT !== fingerprintOf(hash)) return 0;
    this.#words[at] = 0;
    this.goneFor = (time - word) & TIME;
    return (word & WHY) === 0 ? GONE.AS_RARE : GONE.FOR_RECENT;
  }

  #at(hash: number): number {
    const mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
    return this.#first + Math.floor(((mixed >>> 0) / 2 ** 32) * this.#size);
  }
}

/** Other bits than those that choose the shard and the place; never 0. */
function fingerprintOf(hash: number): number {
  return Math.imul(hash, 0x846ca68b) >>> 16 || 1;
}

import { WRITES } from './layout.js';

/**
 * Which keys were written or deleted lately: what a run of a factory looks at before it stores, in whatever process. What
 * it read before such a write is out of date.
 *
 * Groups of a cache line each, chosen by the key's hash. A group counts its writes, and knows of seven hashes when, by that
 * count, they were written last; and when the latest of those was that it had to forget. A run notes the count when it
 * begins. Afterwards it is known whether its key was written since, unless one that was is forgotten: then it is taken for
 * written. That takes several other keys of the group within one run, and costs no more than that its value is not stored.
 *
 * It is changed under the shard's lock. A write is noted before it is done, so that who dies has done none unnoted.
 * Nothing here is verified: whatever may stand here, a value that is not stored is the worst that comes of it.
 */
export class RecentWrites {
  readonly #words: Int32Array;
  readonly #first: number;
  readonly #groups: number;

  /** @param first where the table begins among the shard's words. */
  constructor(words: Int32Array, first: number, groups: number) {
    this.#words = words;
    this.#first = first;
    this.#groups = groups;
  }

  /** The moment of now, for this key. Needs no lock. */
  now(hash: number): number {
    return Atomics.load(this.#words, this.#groupOf(hash));
  }

  /** The key is about to be written. Under the lock. */
  add(hash: number): void {
    const words = this.#words;
    const group = this.#groupOf(hash);
    const now = (words[group] + 1) | 0;
    words[group] = now;
    const first = group + WRITES.HASHES;
    const end = first + WRITES.KEYS;
    for (let at = first; at < end; at++) {
      if (words[at] !== hash) continue;
      words[at + WRITES.KEYS] = now;
      return;
    }
    // Whichever: to look for the oldest takes as long as all the rest.
    const place = first + ((now >>> 0) % WRITES.KEYS);
    const gone = words[place + WRITES.KEYS];
    // By how long ago they were: a key that is written all the time lets the last forgotten one fall far behind.
    if ((now - gone) >>> 0 < (now - words[group + WRITES.FORGOTTEN]) >>> 0) words[group + WRITES.FORGOTTEN] = gone;
    words[place] = hash;
    words[place + WRITES.KEYS] = now;
  }

  /** Whether the key may have been written since that moment. For certain only under the lock. */
  hasSince(hash: number, moment: number): boolean {
    const words = this.#words;
    const group = this.#groupOf(hash);
    const now = Atomics.load(words, group);
    const since = (now - moment) >>> 0;
    if (since === 0) return false;
    if ((now - words[group + WRITES.FORGOTTEN]) >>> 0 < since) return true;
    for (let at = group + WRITES.HASHES; at < group + WRITES.HASHES + WRITES.KEYS; at++) {
      if (words[at] === hash) return (now - words[at + WRITES.KEYS]) >>> 0 < since;
    }
    return false;
  }

  /** The shard was chosen by the hash's low bits, its first bucket by the high ones. */
  #groupOf(hash: number): number {
    return this.#first + Math.floor(((hash >>> 0) / 2 ** 32) * this.#groups) * WRITES.GROUP_WORDS;
  }
}

/** So near the end of its round, a counter is only moved on after everything was cleared. More than can wait for that at once. */
const LAST_OF_ROUND = 1024;

/** What all counters stood at, at one moment. */
export type TagCounts = Int32Array;

/**
 * How often each tag was deleted: a table of counters, one for all tags whose hash falls on it. An entry keeps the counts
 * of its tags that it was stored with, and is gone when one of them has moved on. So `deleteTag` is one addition, whatever
 * the number of entries; that two tags share a counter costs the entries of the other a miss.
 *
 * _An entry that was stored before a `deleteTag` is dead after it._ Its count was read before it was stored, and so before
 * the addition; whoever reads it afterwards finds another number. Reader and near cache look at the counter after they have
 * looked at the entry; a counter that has not moved until then had not moved when they did. _An entry that is stored after
 * it lives_: its count is read by an atomic load, which sees an addition that was made before. _An entry that is stored
 * while it goes on_ is dead or alive by the moment at which its count was read.
 *
 * _A counter comes round_ after 2^32 deletions, and then what nobody met since would be alive again. So each of the last
 * 1,024 steps of a round begins with clearing everything. There cannot be as many deleters that looked before those steps
 * and are still about to add: each thread makes one at a time.
 *
 * _Who dies_ before the addition has deleted nothing, after it everything. The sum that is kept elsewhere lags then.
 */
export class TagTable {
  readonly #cells: Int32Array;
  /** Of all counters, each times its weight: what a damaged table does not fit. In another page of the file. */
  readonly #sum: Int32Array;
  readonly #seed: number;
  /** The counters as they were when their sum was this. */
  #counts: TagCounts | undefined;
  #countsSum = 0;

  /** @param cells a power of two of them. @param sum one word. @param seed of the segment: nobody can choose tags that collide. */
  constructor(cells: Int32Array, sum: Int32Array, seed: number) {
    this.#cells = cells;
    this.#sum = sum;
    this.#seed = seed;
  }

  /** What the cells of a prefix's tags are found by. */
  hashOfPrefix(prefix: string): number {
    return hashOf(prefix, this.#seed);
  }

  cellOf(prefixHash: number, tag: string): number {
    return hashOf(tag, prefixHash) & (this.#cells.length - 1);
  }

  /** What an entry with a tag of this cell is stored with. */
  count(cell: number): number {
    return Atomics.load(this.#cells, cell);
  }

  /** Whether one of so many counters is not what was noted: cell and count of each, from `at` on. */
  haveChanged(noted: Int32Array, at: number, tags: number): boolean {
    const cells = this.#cells;
    for (let i = at; i < at + 2 * tags; i += 2) {
      // A cell that there is not has no count either.
      if (cells[noted[i]] !== noted[i + 1]) return true;
    }
    return false;
  }

  /**
   * All counters as they are now, for who stores an entry later, with tags that it does not know yet. One copy for all, as
   * long as none moves: a load that begins costs a look at their sum. Where somebody died before he added to that, a copy
   * may be older than it should be: the entry is dead at once.
   */
  counts(): TagCounts {
    const sum = Atomics.load(this.#sum, 0);
    if (this.#counts === undefined || this.#countsSum !== sum) {
      this.#countsSum = sum;
      this.#counts = this.#cells.slice();
    }
    return this.#counts;
  }

  /** Whether one of these tags was deleted since the counters stood so. */
  isDeletedSince(counts: TagCounts, prefixHash: number, tags: readonly string[]): boolean {
    for (const tag of tags) {
      const cell = this.cellOf(prefixHash, tag);
      if (counts[cell] === this.count(cell)) continue;
      // It may be that their sum lags behind, for good.
      this.#counts = undefined;
      return true;
    }
    return false;
  }

  /** Makes every entry dead that was stored with a tag of this cell. */
  delete(cell: number, clearAll: () => void): void {
    const count = Atomics.load(this.#cells, cell);
    if (count < 0 && count >= -LAST_OF_ROUND) clearAll();
    Atomics.add(this.#cells, cell, 1);
    Atomics.add(this.#sum, 0, weightOf(cell));
  }

  /** Whether the counters are as they were left, as far as one who died while adding can have changed them. Nobody else is here. */
  isWhole(): boolean {
    const ahead = (this.#total() - this.#sum[0]) | 0;
    if (ahead === 0) return true;
    return this.#cells.some((_, cell) => weightOf(cell) === ahead);
  }

  /** From now on what stands here is taken for right. */
  settle(): void {
    this.#sum[0] = this.#total();
  }

  #total(): number {
    let total = 0;
    for (let cell = 0; cell < this.#cells.length; cell++) {
      total = (total + Math.imul(this.#cells[cell], weightOf(cell))) | 0;
    }
    return total;
  }
}

/** Odd, so that no change of one counter goes unnoticed; and another for each, so that no exchange does. */
function weightOf(cell: number): number {
  return (Math.imul(cell + 1, 0x9e3779b1) << 1) | 1;
}

/** MurmurHash3's rounds, one for each UTF-16 unit. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    let word = Math.imul(text.charCodeAt(i), 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash ^= word;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

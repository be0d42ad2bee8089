import type { Fence } from '../core/entry-extras.js';
import type { Clears } from './clears.js';
import type { RecentWrites } from './recent-writes.js';
import type { TagCounts } from './tag-table.js';

/** What a run of a factory notes of the segment when it begins. What it makes is stored only while nothing of that has changed. */
export class RunFence implements Fence {
  /** The stamp of what is stored by it: gone, if it was cleared since. */
  readonly stamp: number;
  /** With those of its tags it is stored: dead, if one of them was deleted since. */
  readonly tagCounts: TagCounts;
  readonly #clears: Clears;
  readonly #prefix: number;
  readonly #prefixHash: number;
  readonly #sweeps: number;
  readonly #writes: RecentWrites;
  readonly #hash: number;
  readonly #moment: number;

  /** @param prefix the cell of the cache's prefix, and the hash of its tags. @param hash of the key. */
  constructor(clears: Clears, prefix: number, prefixHash: number, writes: RecentWrites, hash: number) {
    this.#clears = clears;
    this.#prefix = prefix;
    this.#prefixHash = prefixHash;
    this.stamp = clears.stamp;
    this.#sweeps = clears.sweeps;
    this.tagCounts = clears.tags.counts();
    this.#writes = writes;
    this.#hash = hash;
    this.#moment = writes.now(hash);
  }

  /** For certain only under the shard's lock, and but for what is cleared meanwhile, which makes the entry dead. */
  holds(tags: readonly string[]): boolean {
    const clears = this.#clears;
    return (
      !this.#writes.hasSince(this.#hash, this.#moment) &&
      !clears.hasSince(this.stamp, this.#prefix) &&
      clears.sweeps === this.#sweeps &&
      !clears.tags.isDeletedSince(this.tagCounts, this.#prefixHash, tags)
    );
  }
}

import { isTagDeleted } from './extras.js';
import { HEADER, PREFIX, PREFIX_BYTES } from './layout.js';
import { hasExtras, NO_PREFIX_CELL, prefixOf, RECORD } from './record.js';
import type { TagTable } from './tag-table.js';

const CELL_WORDS = PREFIX_BYTES / 4;

/**
 * What was cleared when, by location, prefix or tag. Every record is stamped with the number of clears before it was
 * written; it is gone if the location, or its prefix, was cleared since. So a clear is one store, whatever the number of
 * entries; and so it is with tags.
 */
export class Clears {
  readonly header: Int32Array;
  readonly tags: TagTable;
  readonly #prefixes: Int32Array;

  constructor(header: Int32Array, prefixes: Int32Array, tags: TagTable) {
    this.header = header;
    this.tags = tags;
    this.#prefixes = prefixes;
  }

  /** The stamp of what is written now. */
  get stamp(): number {
    return Atomics.load(this.header, HEADER.CLEARS);
  }

  /** When the whole location was cleared last. */
  get all(): number {
    return this.header[HEADER.CLEARED];
  }

  /** When a prefix was cleared last; 0 for one that has no cell. */
  ofPrefix(prefix: number): number {
    return prefix === NO_PREFIX_CELL ? 0 : this.#prefixes[prefix * CELL_WORDS + PREFIX.CLEARED];
  }

  /** How often entries were removed one by one, by what their keys begin with. */
  get sweeps(): number {
    return Atomics.load(this.header, HEADER.SWEEPS);
  }

  /** What runs under way have read may be of entries that are about to be removed so. */
  sweep(): void {
    Atomics.add(this.header, HEADER.SWEEPS, 1);
  }

  /** Whether what has this stamp, and this prefix, was cleared since. */
  hasSince(stamp: number, prefix: number): boolean {
    if (((stamp - this.all) | 0) < 0) return true;
    return prefix !== NO_PREFIX_CELL && ((stamp - this.ofPrefix(prefix)) | 0) < 0;
  }

  /** Whether the record at `record` was cleared since it was written. */
  has(words: Int32Array, record: number): boolean {
    const stamp = words[record + RECORD.STAMP];
    const kind = words[record + RECORD.KIND];
    if (this.hasSince(stamp, prefixOf(kind))) return true;
    return hasExtras(kind) && isTagDeleted(words, record, this.tags);
  }
}

import { HEADER, PREFIX, PREFIX_BYTES } from './layout.js';
import { NO_PREFIX_CELL, prefixOf } from './record.js';

const CELL_WORDS = PREFIX_BYTES / 4;

/**
 * What was cleared when. Every record is stamped with the number of clears before it was written; it is gone if the
 * location, or its prefix, was cleared since. So a clear is one store, whatever the number of entries.
 */
export class Clears {
  readonly header: Int32Array;
  readonly #prefixes: Int32Array;

  constructor(header: Int32Array, prefixes: Int32Array) {
    this.header = header;
    this.#prefixes = prefixes;
  }

  /** The stamp of what is written now. */
  get stamp(): number {
    return Atomics.load(this.header, HEADER.CLEARS);
  }

  has(stamp: number, kind: number): boolean {
    if (((stamp - this.header[HEADER.CLEARED]) | 0) < 0) return true;
    const prefix = prefixOf(kind);
    if (prefix === NO_PREFIX_CELL) return false;
    return ((stamp - this.#prefixes[prefix * CELL_WORDS + PREFIX.CLEARED]) | 0) < 0;
  }
}

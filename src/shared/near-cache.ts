import type { CoarseClock } from '../core/clock.js';
import { Snapshot } from '../core/snapshot.js';
import type { Clears } from './clears.js';
import { META, USE, VERSION } from './layout.js';

/** What is known of an entry besides its value: words side by side, so that a hit meets one cache line and not six. */
const FACTS = 8;
/** Its slot and shard in the segment, and the version it had; whether it was used; what readers get. */
const SLOT = 0;
const SHARD = 1;
const SLOT_VERSION = 2;
const USED = 3;
const GIVES = 4;
/** How many tags it has; what they were counted is in a row of its own. */
const TAGS = 5;
/** A float, so the fourth pair of words. */
const EXPIRY = 3;

/** What a reader gets of a value: it, as it is; a spread of it; or what it restores. */
const ITSELF = 0;
const SPREAD = 1;
const RESTORED = 2;
/** Room for the tags of twice as many keys as entries, so that one of them is still there at its second use. */
const SEEN_FOR_EACH = 2;

/**
 * Values that were used more than once, decoded, in the memory of this process. A hit is valid while its slot in the
 * segment has the version that it had, and nothing was cleared since: three words read, and one more for each tag, so that
 * no write of any process is ever missed, and nobody has to be told of one.
 *
 * Bounded in entries and in encoded bytes. Who goes is decided by a clock (Corbató 1968): an entry that was used since the
 * hand last passed stays. Entries are rows of typed arrays, so that a hit allocates nothing: 32 ns, against 270 from the segment.
 */
export class NearCache {
  readonly #capacity: number;
  readonly #mostBytes: number;
  readonly #clears: Clears;
  readonly #prefix: number;
  readonly #index = new Map<string, number>();
  readonly #keys: (string | undefined)[] = [];
  readonly #values: unknown[] = [];
  readonly #shards: readonly Int32Array[];
  readonly #facts: Int32Array;
  readonly #moments: Float64Array;
  readonly #bytes: Float64Array;
  readonly #tagCells: (Int32Array | undefined)[] = [];
  readonly #free: number[] = [];
  /** Hashes of keys that were read once. */
  readonly #seen: Int32Array;
  /** The last clears of the location and of the prefix that all that is kept here came after. */
  #cleared = 0;
  #prefixCleared = 0;
  #totalBytes = 0;
  #hand = 0;

  /** @param shards the words of each shard. @param prefix the cell of the cache's prefix. */
  constructor(capacity: number, mostBytes: number, shards: readonly Int32Array[], clears: Clears, prefix: number) {
    this.#capacity = capacity;
    this.#mostBytes = mostBytes;
    this.#clears = clears;
    this.#prefix = prefix;
    this.#shards = shards;
    this.#facts = new Int32Array(capacity * FACTS);
    this.#moments = new Float64Array(this.#facts.buffer);
    this.#bytes = new Float64Array(capacity);
    this.#seen = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(1, capacity * SEEN_FOR_EACH))));
  }

  /** The value for a reader, `undefined` if it is not here or no longer what the segment holds. */
  hit(key: string, clock: CoarseClock): unknown {
    const entry = this.#index.get(key);
    if (entry === undefined) return undefined;
    const facts = this.#facts;
    const at = entry * FACTS;
    const words = this.#shards[facts[at + SHARD]]!;
    const slot = facts[at + SLOT];
    if (words[slot + VERSION] !== facts[at + SLOT_VERSION]) {
      this.#remove(entry);
      return undefined;
    }
    // In this order: a write that came after a clear must not bring back what the clear removed.
    if (this.#clears.all !== this.#cleared || this.#clears.ofPrefix(this.#prefix) !== this.#prefixCleared) {
      this.clear();
      return undefined;
    }
    const tags = facts[at + TAGS];
    const isGone = tags > 0 && this.#clears.tags.haveChanged(this.#tagCells[entry]!, 0, tags);
    if (isGone || clock.isPast(this.#moments, (at >> 1) + EXPIRY)) {
      this.#remove(entry);
      return undefined;
    }
    facts[at + USED] = 1;
    // The segment must not take for cold what is hot here.
    const meta = words[slot + META];
    if ((meta & USE.VISITS) < USE.VISITS) words[slot + META] = meta + 1;
    const value = this.#values[entry];
    const gives = facts[at + GIVES];
    if (gives === ITSELF) return value;
    return gives === SPREAD ? { ...(value as object) } : (value as Snapshot).restore();
  }

  /** Whether it is the second time lately that this key is read from the segment, and its value not too large. */
  admits(hash: number, bytes: number): boolean {
    if (!this.takes(bytes)) return false;
    const at = (hash >>> 2) & (this.#seen.length - 1);
    if (this.#seen[at] === hash) return true;
    this.#seen[at] = hash;
    return false;
  }

  /** Whether a value of this size can be kept at all. */
  takes(bytes: number): boolean {
    return this.#capacity > 0 && bytes <= this.#mostBytes / 8;
  }

  /** To be called before a key is looked for that is to be kept: what is kept came after these clears. */
  noteClears(): void {
    if (this.#clears.all === this.#cleared && this.#clears.ofPrefix(this.#prefix) === this.#prefixCleared) return;
    this.clear();
    this.#cleared = this.#clears.all;
    this.#prefixCleared = this.#clears.ofPrefix(this.#prefix);
  }

  clear(): void {
    for (const entry of [...this.#index.values()]) this.#remove(entry);
  }

  /** Keeps a value that was read when its slot had this version, after `noteClears`; cell and count of each of its tags. */
  keep(
    key: string,
    value: unknown,
    shard: number,
    slot: number,
    version: number,
    expiresAt: number,
    bytes: number,
    tagCells?: Int32Array,
  ): void {
    const known = this.#index.get(key);
    if (known !== undefined) this.#remove(known);
    while (this.#totalBytes + bytes > this.#mostBytes && this.#index.size > 0) this.#evict();
    if (this.#index.size >= this.#capacity) this.#evict();
    const entry = this.#free.pop() ?? this.#keys.length;
    this.#keys[entry] = key;
    const gives = whatReadersGet(value);
    this.#values[entry] = gives === RESTORED || !(value instanceof Snapshot) ? value : value.data;
    const facts = this.#facts;
    const at = entry * FACTS;
    facts[at + SLOT] = slot;
    facts[at + SHARD] = shard;
    facts[at + SLOT_VERSION] = version;
    facts[at + USED] = 0;
    facts[at + GIVES] = gives;
    facts[at + TAGS] = tagCells === undefined ? 0 : tagCells.length / 2;
    this.#tagCells[entry] = tagCells;
    this.#moments[(at >> 1) + EXPIRY] = expiresAt;
    this.#bytes[entry] = bytes;
    this.#totalBytes += bytes;
    this.#index.set(key, entry);
  }

  #evict(): void {
    for (;;) {
      const entry = this.#hand;
      this.#hand = entry + 1 < this.#keys.length ? entry + 1 : 0;
      if (this.#keys[entry] === undefined) continue;
      if (this.#facts[entry * FACTS + USED] === 0) {
        this.#remove(entry);
        return;
      }
      this.#facts[entry * FACTS + USED] = 0;
    }
  }

  #remove(entry: number): void {
    this.#index.delete(this.#keys[entry]!);
    this.#keys[entry] = undefined;
    this.#values[entry] = undefined;
    this.#tagCells[entry] = undefined;
    this.#totalBytes -= this.#bytes[entry];
    this.#free.push(entry);
  }
}

function whatReadersGet(value: unknown): number {
  if (!(value instanceof Snapshot) || value.isShared) return ITSELF;
  return value.isFlat ? SPREAD : RESTORED;
}

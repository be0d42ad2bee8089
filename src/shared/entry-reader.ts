import type { CoarseClock } from '../core/clock.js';
import type { Recalled } from '../core/entry-extras.js';
import { checkKey } from '../core/keys.js';
import { sealCopy, sealFrozen, unsealCopy } from '../core/snapshot.js';
import { tellDepartures } from './departures.js';
import type { KeySpace } from './key-space.js';
import { PARTICIPANT } from './layout.js';
import type { NearCache } from './near-cache.js';
import { MISS } from './reader.js';
import { Search } from './search.js';
import type { Part, Segment } from './segment.js';

/** What one cache reads of the segment: the values of its keys, decoded. What is read again is kept near. */
export class EntryReader {
  readonly #segment: Segment;
  readonly #keys: KeySpace;
  readonly #near: NearCache;
  readonly #search: Search;
  readonly #clock: CoarseClock;
  readonly #isFrozen: boolean;

  /** @param isFrozen whether readers get frozen objects: one for all of them, while it is kept near. */
  constructor(segment: Segment, keys: KeySpace, near: NearCache, clock: CoarseClock, isFrozen: boolean) {
    this.#segment = segment;
    this.#keys = keys;
    this.#near = near;
    this.#search = new Search(segment, clock);
    this.#clock = clock;
    this.#isFrozen = isFrozen;
  }

  /** The value of the live entry, counted as a hit or a miss. @throws TypeError if `key` is none. */
  read(key: string, version: number): unknown {
    checkKey(key);
    const { counts } = this.#segment;
    const name = this.#keys.nameOf(key, version);
    this.#near.noteClears();
    const part = this.#keys.address(name, version);
    const at = part === undefined ? MISS : this.#search.live(part);
    const value = at > 0 ? this.#decode(part!, at) : undefined;
    if (value === undefined) {
      counts[PARTICIPANT.MISSES]++;
      this.#keys.warnOf(name, version);
      tellDepartures(this.#segment);
      return undefined;
    }
    counts[PARTICIPANT.HITS]++;
    if (version !== this.#keys.version || this.#keys.hasKeyFunction) return this.forReader(value);
    return this.#keepNear(key, value, part!, at);
  }

  /** The entry, stale or not; a hit where it is not stale, else a miss. */
  recall(key: string, version: number): Recalled | undefined {
    const name = this.#keys.nameOf(key, version);
    const found = this.#recallName(name, version);
    const isHit = found !== undefined && found.left > 0;
    this.#segment.counts[isHit ? PARTICIPANT.HITS : PARTICIPANT.MISSES]++;
    if (found === undefined) this.#keys.warnOf(name, version);
    return found;
  }

  /** The same, counted as nothing. */
  lookAgain(key: string, version: number): Recalled | undefined {
    return this.#recallName(this.#keys.nameOf(key, version), version);
  }

  /** Whether there is a live entry: a use of it, but no hit. */
  has(key: string, version: number): boolean {
    const name = this.#keys.nameOf(key, version);
    const part = this.#keys.address(name, version);
    const at = part === undefined ? MISS : this.#search.live(part);
    if (at > 0) part!.shard.visit(at);
    else {
      this.#keys.warnOf(name, version);
      tellDepartures(this.#segment);
    }
    return at > 0;
  }

  /** A value that nobody else has, as its reader gets it. */
  forReader(value: unknown): unknown {
    return this.#isFrozen ? unsealCopy(sealFrozen(value)) : value;
  }

  #recallName(name: string, version: number): Recalled | undefined {
    const part = this.#keys.address(name, version);
    const at = part === undefined ? MISS : this.#search.held(part);
    const value = at > 0 ? this.#decode(part!, at) : undefined;
    if (value === undefined) {
      tellDepartures(this.#segment);
      return undefined;
    }
    const { expiresAt, loadTime, tags } = this.#segment.incoming;
    return { value: this.forReader(value), left: expiresAt - this.#clock.now(), loadTime, tags };
  }

  /** `undefined` where the bytes cannot be read: the record was made by a version of Node, or of locmem, to come. */
  #decode(part: Part, at: number): unknown {
    part.shard.visit(at);
    try {
      return this.#segment.codec.decode(this.#segment.incoming);
    } catch {
      return undefined;
    }
  }

  /** Keeps a value near if it is worth it. The value for the reader. */
  #keepNear(key: string, value: unknown, part: Part, at: number): unknown {
    const { incoming, out } = this.#segment;
    const near = this.#near;
    const bytes = incoming.valueBytes + incoming.valueAt;
    // A frozen value is one for all readers only if it is kept.
    const isKept = near.admits(out.hash, bytes) || (this.#isFrozen && near.takes(bytes));
    if (!isKept) return this.forReader(value);
    const { version } = part.reader;
    const kept = this.#isFrozen ? sealFrozen(value) : sealCopy(value);
    const { expiresAt, tagCells } = incoming;
    near.keep(key, kept, this.#segment.parts.indexOf(part), at, version, expiresAt, bytes, tagCells);
    return this.#isFrozen ? unsealCopy(kept) : value;
  }
}

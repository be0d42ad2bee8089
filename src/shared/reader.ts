import type { Clears } from './clears.js';
import { extrasBytes } from './extras.js';
import type { IncomingRecord, QuickBuffer } from './incoming-record.js';
import { ERA_SHIFT, META, PLACE, USE, VERSION, WAYS } from './layout.js';
import type { OutgoingRecord } from './outgoing-record.js';
import { CODEC, codecOf, formOf, keyBytesOf, RECORD, valueOffset } from './record.js';
import type { ShardMemory } from './shard-memory.js';

/** A slot that changes under our eyes is looked at so many times; then a writer is not merely busy, but stopped or dead. */
const TRIES = 1000;

/** From here on a text is taken out of the log as a string, without a copy of its bytes. */
const LONG_TEXT = 1024;

/** What a search came to. */
export const MISS = 0;
/** A slot stays in the middle of a change: its writer may have died there. */
export const STUCK = -1;
/** The record is not as it was written. */
export const DAMAGED = -2;

/** Where the check of a copied record is switched off, the torn-read test has to fail. */
export interface ReadCheck {
  isUnchanged(words: Int32Array, at: number, version: number, place: number): boolean;
}

const fence = new Int32Array(new SharedArrayBuffer(4));
const IS_WEAKLY_ORDERED = process.arch !== 'x64' && process.arch !== 'ia32';

const versionAndPlace: ReadCheck = {
  isUnchanged(words, at, version, place) {
    if (IS_WEAKLY_ORDERED) {
      // On ARM64 an acquiring load does not keep earlier plain loads from sinking below it; a store before it does.
      Atomics.store(fence, 0, 0);
      if (Atomics.load(words, at + PLACE) !== place) return false;
    } else if (words[at + PLACE] !== place) return false;
    return Atomics.load(words, at + VERSION) === version;
  },
};

/**
 * Reads a shard without its lock. The order is everything: the version, which must be even; the tag; the place; the
 * record, copied into private memory; version and place again. Only then is the copy looked at. (Compared before the
 * version, a tag may be that of an entry removed in between: 64 of 7.9 million reads came back torn.)
 */
export class Reader {
  /** The version of the slot that was found. */
  version = 0;
  /** The version at which a slot was last seen to change: while it is the same, its writer has not gone on. */
  changing = 0;
  readonly #memory: ShardMemory;
  readonly #clears: Clears;
  readonly #era: number;
  readonly #check: ReadCheck;
  #meta = 0;
  #sawChange = false;

  constructor(memory: ShardMemory, clears: Clears, era: number, check: ReadCheck = versionAndPlace) {
    this.#memory = memory;
    this.#clears = clears;
    this.#era = era;
    this.#check = check;
  }

  /** The slot of the key's record, which is in `into` then: not cleared, and of this era; or why there is none. */
  read(out: OutgoingRecord, into: IncomingRecord): number {
    const first = this.#memory.firstBucket(out.hash);
    const second = this.#memory.secondBucket(out.hash);
    for (let tries = 0; tries < TRIES; tries++) {
      this.#sawChange = false;
      const at = this.#search(first, out, into) || this.#search(second, out, into);
      if (at !== 0) return this.#judge(at, into);
      if (!this.#sawChange) return MISS;
    }
    return STUCK;
  }

  #search(bucket: number, out: OutgoingRecord, into: IncomingRecord): number {
    const { words } = this.#memory;
    for (let at = bucket; at < bucket + WAYS; at++) {
      if (words[at] === out.hash && this.#copy(at, out, into)) return at;
    }
    return 0;
  }

  #copy(at: number, out: OutgoingRecord, into: IncomingRecord): boolean {
    const memory = this.#memory;
    const { words } = memory;
    const version = Atomics.load(words, at + VERSION);
    if ((version & 1) !== 0 || words[at] !== out.hash) {
      this.#sawChange = true;
      this.changing = version;
      return false;
    }
    // Before the check below: what the slot is used for later must not lend its era to this record.
    const meta = words[at + META];
    const place = words[at + PLACE];
    const unit = memory.unitOf(place);
    const bytes = memory.recordBytes(unit);
    if (bytes > LONG_TEXT && meta >>> ERA_SHIFT === this.#era) this.#copyLong(unit, bytes, into);
    else if (bytes !== 0) into.copy(words, memory.log, unit, bytes);
    if (!this.#check.isUnchanged(words, at, version, place)) {
      this.#sawChange = true;
      this.changing = version;
      return false;
    }
    this.version = version;
    this.#meta = meta;
    return (
      bytes !== 0 &&
      into.words[RECORD.HASH] === out.hash &&
      into.words[RECORD.BINDING] === version &&
      into.kind > 0 &&
      into.hasKey(out.words, out.keyBytes)
    );
  }

  #copyLong(unit: number, bytes: number, into: IncomingRecord): void {
    const { words, log } = this.#memory;
    // Read again, and perhaps another's by now: then it is only to be survived.
    const kind = words[2 * unit + RECORD.KIND];
    const extras = extrasBytes(words, 2 * unit);
    const valueAt = valueOffset(keyBytesOf(kind), formOf(kind)) + extras;
    if (codecOf(kind) === CODEC.ASCII && extras >= 0 && valueAt <= bytes)
      into.copyText(words, log as QuickBuffer, unit, valueAt, bytes);
    else into.copy(words, log, unit, bytes);
  }

  #judge(at: number, into: IncomingRecord): number {
    if (this.#meta >>> ERA_SHIFT !== this.#era) {
      if (!into.isWhole()) return DAMAGED;
      this.#memory.words[at + META] = (this.#era << ERA_SHIFT) | (this.#meta & USE.ALL);
    }
    return this.#clears.has(into.words, 0) ? MISS : at;
  }
}

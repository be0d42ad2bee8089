import { VERDICT } from './admission.js';
import type { Clears } from './clears.js';
import { extrasBytes, staleForAt } from './extras.js';
import type { IncomingRecord } from './incoming-record.js';
import { ERA_SHIFT, INTENT, META, PLACE, SHARD, UNIT, USE, VERSION, WAYS } from './layout.js';
import { LogCleaner } from './log-cleaner.js';
import type { OutgoingRecord } from './outgoing-record.js';
import { codecOf, formOf, keyBytesOf, RECORD, valueOffset } from './record.js';
import type { Ring } from './ring.js';
import type { ShardMemory } from './shard-memory.js';

/** The changes of one shard. All of it under the shard's lock, after which nobody finds half a change. */
export class Shard {
  readonly memory: ShardMemory;
  readonly #cleaner: LogCleaner;
  readonly #clears: Clears;
  readonly #era: number;

  constructor(memory: ShardMemory, clears: Clears, era: number) {
    this.memory = memory;
    this.#clears = clears;
    this.#era = era;
    this.#cleaner = new LogCleaner(memory, clears);
  }

  /** The slot of the live entry, 0 if there is none; what is of no use any more, or damaged, is removed when met. */
  find(out: OutgoingRecord, now: number): number {
    const at = this.findHeld(out, now);
    return at !== 0 && this.isStale(at, now) ? 0 : at;
  }

  /** The same of an entry that may be stale. */
  findHeld(out: OutgoingRecord, now: number): number {
    const { memory } = this;
    const at = memory.find(out);
    if (at === 0) return 0;
    if (!this.#isVerified(at)) memory.unlink(at);
    else if (!this.#cleaner.removeIfGone(at, now)) return at;
    return 0;
  }

  /** Stores the record, in the place of the one with its key; `stamp` if it was made earlier. */
  put(out: OutgoingRecord, expiresAt: number, now: number, stamp?: number): void {
    const { memory } = this;
    const { words } = memory;
    const at = this.findHeld(out, now);
    // Read after what a clear may have removed was looked at: what is stored instead is not gone, too.
    out.stamp = stamp ?? this.#clears.stamp;
    if (at !== 0) {
      const unit = memory.unitOf(words[at + PLACE]);
      if (memory.unitsAt(unit) === out.units) this.#overwrite(at, unit, out, expiresAt);
      else this.#replace(at, memory.ringOf(unit), out, expiresAt, now);
      this.visit(at);
      return;
    }
    this.#append(out, expiresAt, now, memory.admission.entered(out.hash));
  }

  /** Whether the time of an entry that was found is over: then it is there for who asks for what is stale. */
  isStale(at: number, now: number): boolean {
    const { memory } = this;
    return memory.floats[(2 * memory.unitOf(memory.words[at + PLACE]) + RECORD.EXPIRY) >> 1] <= now;
  }

  remove(at: number): void {
    this.memory.unlink(at);
  }

  /** Gives the entry another moment of expiry. */
  prolong(at: number, expiresAt: number): void {
    const { memory } = this;
    const unit = memory.unitOf(memory.words[at + PLACE]);
    memory.begin(INTENT.AMEND, at, unit, unit);
    const version = memory.open(at);
    memory.floats[(2 * unit + RECORD.EXPIRY) >> 1] = expiresAt;
    this.#finishChange(at, unit, version);
  }

  /**
   * The same, and for how long it may be stale afterwards. Who dies between the two leaves the new moment and the old time.
   *
   * @returns whether it could be written where it stands: not where the record has no room for it.
   */
  renew(at: number, expiresAt: number, staleFor: number): boolean {
    const { memory } = this;
    const unit = memory.unitOf(memory.words[at + PLACE]);
    const hasExtras = extrasBytes(memory.words, 2 * unit) > 0;
    if (!hasExtras && staleFor > 0) return false;
    memory.begin(INTENT.AMEND, at, unit, unit);
    const version = memory.open(at);
    memory.floats[(2 * unit + RECORD.EXPIRY) >> 1] = expiresAt;
    if (hasExtras) memory.floats[staleForAt(memory.words, 2 * unit)] = staleFor;
    this.#finishChange(at, unit, version);
    return true;
  }

  codecAt(at: number): number {
    const { memory } = this;
    return codecOf(memory.words[2 * memory.unitOf(memory.words[at + PLACE]) + RECORD.KIND]);
  }

  /** Adds to a number where it stands. */
  increase(at: number, delta: number): number {
    const { memory } = this;
    const unit = memory.unitOf(memory.words[at + PLACE]);
    const kind = memory.words[2 * unit + RECORD.KIND];
    const extras = extrasBytes(memory.words, 2 * unit);
    const place = unit + (valueOffset(keyBytesOf(kind), formOf(kind)) + extras) / UNIT;
    const sum = memory.floats[place] + delta;
    memory.begin(INTENT.AMEND, at, unit, unit);
    const version = memory.open(at);
    memory.floats[place] = sum;
    this.#finishChange(at, unit, version);
    return sum;
  }

  #finishChange(at: number, unit: number, version: number): void {
    this.memory.bind(at, unit, version);
    this.memory.end();
    this.visit(at);
  }

  /** Copies the entry's record out of the log. */
  copyOut(at: number, into: IncomingRecord): void {
    const { memory } = this;
    const unit = memory.unitOf(memory.words[at + PLACE]);
    into.copy(memory.words, memory.log, unit, memory.recordBytes(unit));
  }

  /** Writes down that the entry was used. Readers do, too: a hit more or less does not matter. */
  visit(at: number): void {
    const { words } = this.memory;
    const meta = words[at + META];
    if ((meta & USE.VISITS) < USE.VISITS) words[at + META] = meta + 1;
  }

  /** Whether the record was written in this era, or was found whole in it. */
  #isVerified(at: number): boolean {
    const { memory } = this;
    const meta = memory.words[at + META];
    if (meta >>> ERA_SHIFT === this.#era) return true;
    if (!memory.isWhole(memory.unitOf(memory.words[at + PLACE]))) return false;
    memory.words[at + META] = (this.#era << ERA_SHIFT) | (meta & USE.ALL);
    return true;
  }

  /** Writes where the old record stands, of which nothing is left afterwards. */
  #overwrite(at: number, unit: number, out: OutgoingRecord, expiresAt: number): void {
    const { memory } = this;
    memory.words[SHARD.UNITS] = out.units;
    memory.begin(INTENT.OVERWRITE, at, unit, unit);
    const version = memory.open(at);
    out.writeHeader(version, expiresAt);
    this.#write(unit, out);
    memory.close(at, version);
    memory.end();
  }

  /** Writes elsewhere, then lets the slot point there. */
  #replace(at: number, ring: Ring, out: OutgoingRecord, expiresAt: number, now: number): void {
    const { memory } = this;
    const { words } = memory;
    const meta = words[at + META];
    const fit = out.units > memory.probation.units ? memory.main : ring;
    const unit = this.#cleaner.makeRoom(fit, out.units, now);
    // Making room may have evicted the entry itself, or moved it.
    if (memory.find(out) !== at) this.#publish(this.#freeSlot(out.hash), 0, fit, unit, out, expiresAt, meta);
    else this.#publish(at, memory.unitOf(words[at + PLACE]), fit, unit, out, expiresAt, words[at + META]);
  }

  #append(out: OutgoingRecord, expiresAt: number, now: number, use: number): void {
    const { probation, main, admission } = this.memory;
    if (out.units <= probation.units) {
      const unit = this.#cleaner.makeRoom(probation, out.units, now);
      this.#publish(this.#freeSlot(out.hash), 0, probation, unit, out, expiresAt, use);
      return;
    }
    const unit = this.#cleaner.makeRoomUnproven(out.units, out.hash, use, now);
    const { verdict } = this.#cleaner;
    this.#publish(this.#freeSlot(out.hash), 0, main, unit, out, expiresAt, admission.admitted(out.hash, use, verdict));
    // It has to be somewhere, for now; the next one takes its place.
    if (verdict === VERDICT.REJECTED) main.fill(unit);
  }

  /** The record is part of the log before any slot points to it. `old` is the record that it replaces, 0 if none. */
  #publish(
    at: number,
    old: number,
    ring: Ring,
    unit: number,
    out: OutgoingRecord,
    expiresAt: number,
    meta: number,
  ): void {
    const { memory } = this;
    const { words } = memory;
    out.writeHeader(((words[at + VERSION] | 1) + 1) | 0, expiresAt);
    this.#write(unit, out);
    memory.begin(INTENT.PUBLISH, at, old, unit);
    ring.advance(unit + out.units);
    const version = memory.open(at);
    words[at] = out.hash;
    words[at + PLACE] = unit;
    words[at + META] = (this.#era << ERA_SHIFT) | (meta & USE.ALL);
    memory.close(at, version);
    if (old !== 0) memory.bury(old);
    memory.finish(old === 0 ? 1 : 0, old, unit);
  }

  #write(unit: number, out: OutgoingRecord): void {
    const count = 2 * out.units;
    if (count > 64) {
      out.bytes.copy(this.memory.log, unit * UNIT, 0, out.units * UNIT);
      return;
    }
    const { words } = this.memory;
    for (let i = 0; i < count; i++) words[2 * unit + i] = out.words[i];
  }

  /** An empty slot, in the emptier of the two buckets; where both are full, the least used entry has to go. */
  #freeSlot(hash: number): number {
    const { memory } = this;
    const first = memory.firstBucket(hash);
    const second = memory.secondBucket(hash);
    const bucket = this.#countFree(second) > this.#countFree(first) ? second : first;
    for (let at = bucket; at < bucket + WAYS; at++) if (memory.words[at] === 0) return at;
    return this.#evictFrom(first, second);
  }

  #countFree(bucket: number): number {
    let count = 0;
    for (let at = bucket; at < bucket + WAYS; at++) if (this.memory.words[at] === 0) count++;
    return count;
  }

  #evictFrom(first: number, second: number): number {
    let least = first;
    let worth = Number.POSITIVE_INFINITY;
    for (let way = 0; way < 2 * WAYS; way++) {
      const at = way < WAYS ? first + way : second + way - WAYS;
      const its = this.#worth(at);
      if (its >= worth) continue;
      least = at;
      worth = its;
    }
    this.#cleaner.evict(least);
    return least;
  }

  /** How much is lost if the entry goes. Of equals, what is in probation: it gives its space back soon. */
  #worth(at: number): number {
    const { words, main, admission } = this.memory;
    const isProven = this.memory.unitOf(words[at + PLACE]) >= main.start;
    return 2 * admission.uses(words[at], words[at + META]) + (isProven ? 1 : 0);
  }
}

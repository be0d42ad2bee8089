import type { Channel } from 'node:diagnostics_channel';
import { Admission } from './admission.js';
import { BUCKET_WORDS, COUNT, INTENT, type Layout, META, PLACE, SHARD, UNIT, VERSION, WAYS } from './layout.js';
import type { OutgoingRecord } from './outgoing-record.js';
import { RecentWrites } from './recent-writes.js';
import {
  bodySum,
  DEAD,
  formOf,
  headSum,
  keyBytesOf,
  RECORD,
  RECORD_HEADER_BYTES,
  recordUnits,
  valueOffset,
} from './record.js';
import { Ring } from './ring.js';

/** Apple's and other ARM64 processors let plain accesses pass atomic ones in ways that x86-64 does not. */
const IS_WEAKLY_ORDERED = process.arch !== 'x64' && process.arch !== 'ia32';

/** An entry that left by itself, by the bytes of its key. */
export interface Departure {
  readonly channel: Channel;
  readonly name: Buffer;
}

/**
 * The views of one shard, and what its words mean: buckets of slots, and two logs of records.
 *
 * A slot is found by its tag's place in the words; its other words stand at fixed distances. Its version is even while
 * it can be believed and odd while it changes; every change of the record, other than a move, leaves another version.
 */
export class ShardMemory {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly log: Buffer;
  readonly probation: Ring;
  readonly main: Ring;
  readonly admission: Admission;
  /** What left by itself, to be told of when the lock is free: who listens may use the cache. `undefined` while there is nothing. */
  departures: Departure[] | undefined;
  readonly writes: RecentWrites;
  readonly firstSlot: number;
  readonly endOfSlots: number;
  readonly #buckets: number;
  readonly #placeMask: number;
  readonly #movesShift: number;
  readonly #movesMask: number;
  readonly #endUnit: number;

  constructor(buffer: ArrayBuffer, at: number, layout: Layout) {
    this.words = new Int32Array(buffer, at, layout.shardBytes / 4);
    this.floats = new Float64Array(buffer, at, layout.shardBytes / 8);
    this.log = Buffer.from(buffer, at, layout.shardBytes);
    this.#buckets = layout.buckets;
    this.firstSlot = layout.indexAt / 4;
    this.endOfSlots = this.firstSlot + layout.buckets * BUCKET_WORDS;
    const firstUnit = layout.probationAt / UNIT;
    const border = layout.mainAt / UNIT;
    this.#endUnit = layout.shardBytes / UNIT;
    this.probation = new Ring(this.words, SHARD.PROBATION, firstUnit, border);
    this.main = new Ring(this.words, SHARD.MAIN, border, this.#endUnit);
    this.admission = new Admission(this.words, layout.admissionAt / 4, layout.buckets * WAYS);
    this.writes = new RecentWrites(this.words, layout.writesAt / 4, layout.writeGroups);
    const bits = 32 - Math.clz32(this.#endUnit);
    this.#placeMask = 2 ** bits - 1;
    this.#movesShift = bits;
    this.#movesMask = 2 ** (31 - bits) - 1;
  }

  /** The entry in a slot leaves by itself, which somebody listens for. */
  noteDeparture(channel: Channel, at: number): void {
    const unit = this.unitOf(this.words[at + PLACE]);
    const start = unit * UNIT + RECORD_HEADER_BYTES;
    const name = Buffer.from(this.log.subarray(start, start + keyBytesOf(this.words[2 * unit + RECORD.KIND])));
    this.departures ??= [];
    this.departures.push({ channel, name });
  }

  /** Whether nothing was ever written here. */
  get isNew(): boolean {
    return this.probation.head === 0 && this.probation.tail === 0 && this.main.head === 0 && this.main.tail === 0;
  }

  /** The two buckets that a key may be in. The shard was chosen by the hash's low bits. */
  firstBucket(hash: number): number {
    return this.firstSlot + Math.floor(((hash >>> 0) / 2 ** 32) * this.#buckets) * BUCKET_WORDS;
  }

  secondBucket(hash: number): number {
    const other = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return this.firstSlot + Math.floor(((other >>> 0) / 2 ** 32) * this.#buckets) * BUCKET_WORDS;
  }

  unitOf(place: number): number {
    return place & this.#placeMask;
  }

  ringOf(unit: number): Ring {
    return unit < this.main.start ? this.probation : this.main;
  }

  /**
   * A place says how often the entry was moved, besides where it is: otherwise a reader that sleeps while it copies could
   * find the entry there again that had been elsewhere meanwhile, and others in its place.
   */
  placeAfterMove(at: number, unit: number): number {
    const moves = (this.words[at + PLACE] >>> this.#movesShift) + 1;
    return unit | ((moves & this.#movesMask) << this.#movesShift);
  }

  /** The bytes of the record at `unit`, 0 if what stands there cannot be one: nothing that is read here is trusted. */
  recordBytes(unit: number): number {
    const ring = this.ringOf(unit);
    if (!ring.contains(unit) || unit + RECORD_HEADER_BYTES / UNIT > ring.end) return 0;
    const kind = this.words[2 * unit + RECORD.KIND];
    const valueBytes = this.words[2 * unit + RECORD.VALUE_BYTES];
    const bytes = valueOffset(keyBytesOf(kind), formOf(kind)) + valueBytes;
    return valueBytes >= 0 && bytes <= (ring.end - unit) * UNIT ? bytes : 0;
  }

  /** The units that the record at `unit` takes, 0 if what stands there cannot be one. */
  unitsAt(unit: number): number {
    if (this.recordBytes(unit) === 0) return 0;
    const kind = this.words[2 * unit + RECORD.KIND];
    const units = recordUnits(keyBytesOf(kind), formOf(kind), this.words[2 * unit + RECORD.VALUE_BYTES]);
    return unit + units <= this.ringOf(unit).end ? units : 0;
  }

  /** The slot whose tag and key are those of the record looked for, 0 if there is none. Under the lock. */
  find(out: OutgoingRecord): number {
    return this.#findIn(this.firstBucket(out.hash), out) || this.#findIn(this.secondBucket(out.hash), out);
  }

  #findIn(bucket: number, out: OutgoingRecord): number {
    const { words } = this;
    for (let at = bucket; at < bucket + WAYS; at++) {
      if (words[at] === out.hash && this.#isKeyAt(this.unitOf(words[at + PLACE]), at, out)) return at;
    }
    return 0;
  }

  #isKeyAt(unit: number, at: number, out: OutgoingRecord): boolean {
    if (this.recordBytes(unit) === 0) return false;
    const { words } = this;
    const record = 2 * unit;
    if (words[record + RECORD.BINDING] !== words[at + VERSION]) return false;
    if (words[record + RECORD.KIND] < 0 || keyBytesOf(words[record + RECORD.KIND]) !== out.keyBytes) return false;
    const last = RECORD.KEY + ((out.keyBytes + 3) >> 2);
    for (let i = RECORD.KEY; i < last; i++) if (words[record + i] !== out.words[i]) return false;
    return true;
  }

  /** The slot that points to `unit`, 0 if none does: then the record is garbage. */
  slotOf(unit: number): number {
    const hash = this.words[2 * unit];
    return this.#slotIn(this.firstBucket(hash), hash, unit) || this.#slotIn(this.secondBucket(hash), hash, unit);
  }

  #slotIn(bucket: number, hash: number, unit: number): number {
    const { words } = this;
    for (let at = bucket; at < bucket + WAYS; at++) {
      if (words[at] === hash && this.unitOf(words[at + PLACE]) === unit) return at;
    }
    return 0;
  }

  /** From here on no reader believes the slot. @returns the version that it is going to have. */
  open(at: number): number {
    const version = this.words[at + VERSION] | 1;
    Atomics.store(this.words, at + VERSION, version);
    // An acquiring load, which nothing that follows can pass: otherwise what is written next could be seen before.
    if (IS_WEAKLY_ORDERED) Atomics.load(this.words, at + VERSION);
    return (version + 1) | 0;
  }

  close(at: number, version: number): void {
    Atomics.store(this.words, at + VERSION, version);
  }

  /** From here on readers find the record's copy: one store, before which they find the record. */
  changePlace(at: number, place: number): void {
    Atomics.store(this.words, at + PLACE, place);
    // As in `open`: the mark of death, and what is written over the record, must not be seen before.
    if (IS_WEAKLY_ORDERED) Atomics.load(this.words, at + PLACE);
  }

  /** Notes what is about to be done to a slot, before anything is: who repairs this shard has to know. */
  begin(intent: number, at: number, old: number, fresh: number): void {
    const { words } = this;
    words[SHARD.SLOT] = at;
    words[SHARD.OLD] = old;
    words[SHARD.FRESH] = fresh;
    words[SHARD.INTENT] = intent;
  }

  /** It is done, and nothing has to be counted. */
  end(): void {
    this.words[SHARD.INTENT] = INTENT.NONE;
  }

  /** It is done: so many entries more, the old record lives no more, the fresh one does (0: there is none). */
  finish(entries: number, old: number, fresh: number): void {
    const { start } = this.main;
    const gone = old === 0 ? 0 : this.unitsAt(old);
    const come = fresh === 0 ? 0 : this.unitsAt(fresh);
    this.#noteCounts(entries, (fresh < start ? come : 0) - (old < start ? gone : 0), come - gone);
    this.applyCounts();
  }

  /** The same where the record cannot be asked for its size any more. */
  finishWith(entries: number, ring: Ring, units: number): void {
    this.#noteCounts(entries, ring === this.probation ? units : 0, units);
    this.applyCounts();
  }

  /** Notes what the counts will be: so many entries more, so many living units in probation, and in both logs. */
  #noteCounts(entries: number, inProbation: number, inBoth: number): void {
    const { words } = this;
    words[SHARD.NEXT_ENTRIES] = words[SHARD.ENTRIES] + entries;
    words[SHARD.NEXT_PROBATION] = this.probation.live + inProbation;
    words[SHARD.NEXT_MAIN] = this.main.live + inBoth - inProbation;
    words[SHARD.INTENT] = INTENT.COUNT;
  }

  /** Puts the next counts in force: however often, and whoever does it. */
  applyCounts(): void {
    const { words } = this;
    words[SHARD.ENTRIES] = words[SHARD.NEXT_ENTRIES];
    this.probation.live = words[SHARD.NEXT_PROBATION];
    this.main.live = words[SHARD.NEXT_MAIN];
    words[SHARD.INTENT] = INTENT.NONE;
  }

  /** Whether there is such a slot. */
  isSlot(at: number): boolean {
    return at >= this.firstSlot && at < this.endOfSlots && ((at - this.firstSlot) & (BUCKET_WORDS - 1)) < WAYS;
  }

  /** Empties a slot, whatever stands in it. What readers and near caches know of it is outdated. */
  empty(at: number): void {
    const { words } = this;
    const version = this.open(at);
    words[at] = 0;
    words[at + PLACE] = 0;
    words[at + META] = 0;
    this.close(at, version);
  }

  /** Takes the slot's entry out of the index. Its record stays in the log, dead, until the tail gets there. */
  unlink(at: number): void {
    const { words } = this;
    const unit = this.unitOf(words[at + PLACE]);
    // Unless the slot was damaged: then it may point into the middle of another's record.
    const isOwn =
      this.unitsAt(unit) > 0 &&
      words[2 * unit] === words[at] &&
      words[2 * unit + RECORD.BINDING] === words[at + VERSION];
    const old = isOwn ? unit : 0;
    this.begin(INTENT.UNLINK, at, old, 0);
    this.empty(at);
    if (isOwn) this.bury(unit);
    this.finish(-1, old, 0);
  }

  /** Marks a record as dead, so that it can never be taken for its successor. */
  bury(unit: number): void {
    this.words[2 * unit + RECORD.KIND] |= DEAD;
  }

  /** Ends a change of a record in place: it belongs to its slot again, which can be believed. */
  bind(at: number, unit: number, version: number): void {
    this.words[2 * unit + RECORD.BINDING] = version;
    this.sumUp(unit);
    this.close(at, version);
  }

  /** Brings the checksum up to date, whatever changed. */
  sumUp(unit: number): void {
    this.words[2 * unit + RECORD.SUM] = this.#sumOf(unit);
  }

  /** Whether the record is as it was written. */
  isWhole(unit: number): boolean {
    return this.recordBytes(unit) > 0 && this.words[2 * unit + RECORD.SUM] === this.#sumOf(unit);
  }

  #sumOf(unit: number): number {
    const bytes = this.recordBytes(unit);
    return bodySum(this.words, this.log, 2 * unit, bytes) ^ headSum(this.words, 2 * unit);
  }

  count(what: number): void {
    this.floats[SHARD.COUNTS / 2 + what]++;
  }

  counted(what: number): number {
    const count = this.floats[SHARD.COUNTS / 2 + what];
    return count >= 0 && count <= Number.MAX_SAFE_INTEGER ? count : 0;
  }

  /** A count that is none, after damage, begins anew. */
  checkCounts(): void {
    for (const what of Object.values(COUNT)) this.floats[SHARD.COUNTS / 2 + what] = this.counted(what);
  }

  ringSum(): number {
    return this.main.sum(this.probation.sum(1));
  }
}

import { randomInt } from 'node:crypto';
import { closeSync, fsyncSync } from 'node:fs';
import { clearTimeout, setTimeout } from 'node:timers';
import { CacheUnavailableError, SegmentError } from '../core/errors.js';
import { bootNumber } from './boot.js';
import { ChangingHeader } from './changing-header.js';
import { Clears } from './clears.js';
import { Codec } from './codec.js';
import { IncomingRecord } from './incoming-record.js';
import {
  ERAS,
  HEADER,
  INTENT,
  type Layout,
  layoutOf,
  PAGE,
  PARTICIPANT,
  PREFIX_BYTES,
  SHARD,
  SHARDS,
  SUMS_COPY_BYTES,
  TAG_SUM_BYTES,
} from './layout.js';
import { Leases } from './leases.js';
import { segmentPath } from './location.js';
import { fileIdentity, mapSegment } from './mapping.js';
import { OutgoingRecord } from './outgoing-record.js';
import { Participants } from './participants.js';
import { type Platform, thisPlatform } from './platform.js';
import { Reader } from './reader.js';
import { repair, resetShard } from './repair.js';
import { openSegmentFile } from './segment-file.js';
import { SegmentFlights } from './segment-flights.js';
import { Shard } from './shard.js';
import { ShardLock } from './shard-lock.js';
import { ShardMemory } from './shard-memory.js';
import { TagTable } from './tag-table.js';

/** Held while somebody joins, so that of several who join at once one finds that it is alone. */
const JOINING_BYTE = 8;
const PATIENCE_MS = 1000;
/** How long a lock may stay behind that a timeout of node:vm kept this thread from letting go, in ms. */
const WATCH_MS = 50;

/** The segments that this thread has open, by file. */
const opened = new Map<string, Segment>();
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** One shard, and what this thread needs to read and to change it. */
export interface Part {
  readonly memory: ShardMemory;
  readonly shard: Shard;
  readonly reader: Reader;
  readonly lock: ShardLock;
}

/** Opens the segment at a location for this thread, or joins those in this thread who have it open. */
export function openSegment(location: unknown, maxBytes: number): Segment {
  const platform = thisPlatform();
  const layout = layoutOf(maxBytes);
  const path = segmentPath(location);
  const fd = openSegmentFile(path, layout, platform);
  const name = fileIdentity(fd);
  const known = opened.get(name);
  if (known !== undefined) {
    closeSync(fd);
    known.users++;
    return known;
  }
  try {
    const segment = new Segment(name, path, fd, layout, platform);
    opened.set(name, segment);
    return segment;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A segment, attached: this thread takes part in it until the last of its caches is closed. */
export class Segment {
  users = 1;
  /** The cache that opened it first in this thread, in whose name evictions are told. */
  opener: object | undefined;
  readonly layout: Layout;
  readonly header: Int32Array;
  readonly clears: Clears;
  readonly changing: ChangingHeader;
  readonly parts: readonly Part[];
  readonly seed: number;
  /** Since when somebody has been here all the time. */
  readonly era: number;
  readonly codec: Codec;
  readonly leases: Leases;
  readonly flights = new SegmentFlights();
  /** The records on their way in and out: one of each, since nothing here is entered twice. */
  readonly out = new OutgoingRecord();
  readonly incoming = new IncomingRecord();
  /** This thread's hits and misses, at `PARTICIPANT.HITS` and `.MISSES`. */
  readonly counts: Float64Array;
  readonly #name: string;
  readonly #path: string;
  readonly #fd: number;
  readonly #platform: Platform;
  readonly #participants: Participants;
  #watch: NodeJS.Timeout | undefined;

  constructor(name: string, path: string, fd: number, layout: Layout, platform: Platform) {
    const { address, buffer } = mapSegment(path, fd, layout.fileSize, platform);
    this.#name = name;
    this.#path = path;
    this.#platform = platform;
    this.#fd = fd;
    this.layout = layout;
    this.header = new Int32Array(buffer, 0, PAGE / 4);
    this.seed = this.header[HEADER.SEED];
    this.#participants = new Participants(buffer, layout.participantsAt, layout.participants, fd, platform);
    const prefixes = new Int32Array(buffer, layout.prefixesAt, (layout.prefixes * PREFIX_BYTES) / 4);
    const tags = new Int32Array(buffer, layout.tagsAt, layout.tagCells);
    const tagSum = new Int32Array(buffer, layout.participantsAt + TAG_SUM_BYTES, 1);
    this.clears = new Clears(this.header, prefixes, new TagTable(tags, tagSum, this.seed));
    waitToJoin(path, fd, platform);
    try {
      const mark = this.#participants.join();
      const lockAt = (words: Int32Array, at: number) =>
        new ShardLock(words, at, address + BigInt(words.byteOffset + 4 * at), mark, this.#participants, platform);
      const dictionary = Buffer.from(buffer, layout.dictionaryAt, layout.dictionaryBytes);
      this.changing = new ChangingHeader(
        this.header,
        new Int32Array(buffer, layout.participantsAt + SUMS_COPY_BYTES, 2),
        prefixes,
        dictionary,
        lockAt(this.header, HEADER.LOCK),
      );
      const memories = Array.from(
        { length: SHARDS },
        (_, i) => new ShardMemory(buffer, layout.shardsAt + i * layout.shardBytes, layout),
      );
      const locks = memories.map((memory) => lockAt(memory.words, SHARD.LOCK));
      this.leases = new Leases(new BigInt64Array(buffer, layout.leasesAt, layout.leases), mark, this.#participants);
      const isFirst = this.#participants.isAlone() || this.header[HEADER.ERA] === 0;
      if (isFirst) this.#markInUse();
      this.era = isFirst ? this.#beginEra(memories, locks) : this.header[HEADER.ERA];
      this.parts = memories.map((memory, i) => ({
        memory,
        lock: locks[i]!,
        shard: new Shard(memory, this.clears, this.era),
        reader: new Reader(memory, this.clears, this.era),
      }));
      this.counts = this.#participants.ownCounts;
      this.codec = new Codec(this.changing);
    } finally {
      platform.unlockByte(fd, JOINING_BYTE);
    }
  }

  partOf(hash: number): Part {
    return this.parts[hash & (SHARDS - 1)]!;
  }

  /** Takes a shard's lock, and repairs what it guards if its last owner did not come to an end. */
  enter(part: Part): void {
    if (this.#watch === undefined) this.#startWatch();
    if (part.lock.acquire()) this.#repair(part.memory);
  }

  leave(part: Part): void {
    // Something was thrown in the middle (the call stack can be full anywhere).
    if (part.memory.words[SHARD.INTENT] !== INTENT.NONE) this.#repair(part.memory);
    part.memory.words[SHARD.SUM] = part.memory.ringSum();
    part.lock.release();
  }

  /** Takes a shard's lock if nobody has it. */
  tryEnter(part: Part): boolean {
    if (this.#watch === undefined) this.#startWatch();
    return part.lock.tryAcquire();
  }

  /** Repairs a shard whose owner is gone, without waiting. @returns whether there was anything to do. */
  recover(part: Part): boolean {
    if (!part.lock.takeOver()) return false;
    this.#repair(part.memory);
    this.leave(part);
    return true;
  }

  #repair(memory: ShardMemory): void {
    if (!repair(memory)) this.header[HEADER.RESETS]++;
  }

  /** Of all threads that ever took part. */
  get hits(): number {
    return this.#participants.total(PARTICIPANT.HITS);
  }

  get misses(): number {
    return this.#participants.total(PARTICIPANT.MISSES);
  }

  /** One cache less uses it; after the last, this thread takes part no more. */
  close(): void {
    if (--this.users > 0) return;
    opened.delete(this.#name);
    clearTimeout(this.#watch);
    this.leases.releaseAll();
    this.codec.detach();
    this.#recoverOwn();
    this.#leaveSegment();
    closeSync(this.#fd);
  }

  /**
   * A file on a disk outlives the machine's memory, of which some pages may have reached it when the power fails, and
   * others not: old entries would be back, among new ones. So what was not closed in an earlier run of the machine is
   * forgotten.
   */
  #markInUse(): void {
    const { header } = this;
    const boot = bootNumber();
    const isOfThisRun = header[HEADER.BOOT] === boot;
    if (isOfThisRun && header[HEADER.CLEAN] === 0) return;
    if (!isOfThisRun && header[HEADER.CLEAN] !== 1) header[HEADER.ERA] = 0;
    header[HEADER.BOOT] = boot;
    header[HEADER.CLEAN] = 2;
    // Before anything else changes: the mark must not reach the disk after what it warns of.
    try {
      fsyncSync(this.#fd);
    } catch (cause) {
      const { message } = cause as Error;
      throw new SegmentError(`${this.#path} cannot be written to its disk: ${message}.`, { cause });
    }
    header[HEADER.CLEAN] = 0;
  }

  /** The last one to go leaves everything on the disk, and says so. Nothing has to be written where that is memory. */
  #leaveSegment(): void {
    try {
      fsyncSync(this.#fd);
      waitToJoin(this.#path, this.#fd, this.#platform);
      if (this.#participants.isAlone()) {
        fsyncSync(this.#fd);
        this.header[HEADER.CLEAN] = 1;
        fsyncSync(this.#fd);
      }
      // While nobody can join: who does next has to see that we are gone.
      this.#participants.leave();
    } catch {
      // Unmarked: it is cold after the next start of the machine, and warm before it.
    } finally {
      // Closing the file would do it, too, but for who is waiting now.
      this.#platform.unlockByte(this.#fd, JOINING_BYTE);
    }
  }

  /**
   * Nobody else is here: what was written before this moment may have been damaged since, by a crash of the machine or by
   * hand. What would lead others astray is looked through now; each record is verified when it is first read.
   */
  #beginEra(memories: readonly ShardMemory[], locks: readonly ShardLock[]): number {
    const last = this.header[HEADER.ERA];
    const isWhole = last > 0 && last < ERAS && this.changing.isWhole();
    if (isWhole) this.changing.recover();
    else {
      // Who comes after us, if we die before the shards are empty, has to begin with this, too.
      this.header[HEADER.ERA] = 0;
      this.changing.forget();
    }
    // Who has a tag that was deleted must not come back.
    if (isWhole && !this.clears.tags.isWhole()) this.changing.clearAll();
    this.clears.tags.settle();
    this.leases.clear();
    for (const [i, memory] of memories.entries()) {
      const lock = locks[i]!;
      const isLocked = lock.isAbandoned();
      const isInterrupted = lock.wasHeld();
      if (isLocked) lock.acquire();
      if (isWhole && isInterrupted) this.#repair(memory);
      else if (!isWhole || memory.words[SHARD.SUM] !== memory.ringSum()) {
        if (last === 0 && memory.isNew) for (const ring of [memory.probation, memory.main]) ring.clear();
        else {
          resetShard(memory);
          this.header[HEADER.RESETS]++;
        }
      }
      memory.end();
      for (const ring of [memory.probation, memory.main]) ring.beginEra();
      memory.words[SHARD.SUM] = memory.ringSum();
      if (isLocked) lock.release();
    }
    let era = last;
    while (era === last) era = randomInt(1, ERAS);
    this.header[HEADER.ERA] = era;
    return era;
  }

  /** Code here never yields while it holds a lock. So a lock that is held when a timer fires was left behind. */
  #startWatch(): void {
    this.#watch = setTimeout(() => {
      this.#watch = undefined;
      this.#recoverOwn();
    }, WATCH_MS).unref();
  }

  #recoverOwn(): void {
    for (const part of this.parts) if (part.lock.isOwn()) this.recover(part);
    this.changing.recoverOwn();
  }
}

function waitToJoin(path: string, fd: number, platform: Platform): void {
  const start = performance.now();
  while (!platform.lockByte(fd, JOINING_BYTE)) {
    if (performance.now() - start > PATIENCE_MS) {
      throw new CacheUnavailableError(
        `A process that was stopped is about to open ${path}, and keeps others from it. Let it continue, or end it.`,
      );
    }
    Atomics.wait(nobody, 0, 0, 1);
  }
}

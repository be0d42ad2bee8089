import { DepartedKeys } from './departed-keys.js';
import type { EvictionPolicy } from './policy.js';
import { SlotQueues } from './slot-queues.js';

const WINDOW = 0;
const MAIN = 1;

/**
 * The lanes of a slot in `uses`: the times of its last three uses, 0 where unknown; then the region in the lowest bit,
 * and above it the time of the last use when the slot was queued there, to tell whether it has been used since.
 */
const LANES = 4;
const LAST = 0;
const SECOND = 1;
const THIRD = 2;
const QUEUED = 3;
const REGION = 1;

/** Neither region shrinks below this share, so that each can prove itself when the load changes. W-TinyLFU's 1 %. */
const SMALLEST_SHARE = 0.01;

/** A key that a window wider by this share of the cache would have kept is a reason to widen it. */
const NEAR = 0.125;

/** How far evidence for one region must outweigh that for the other before the border moves: half a cache's worth. */
const INERTIA = 0.5;

/** How many entries more than the newcomer the window may hand over at a time, when it has become too wide. */
const HANDOVER = 2;

const NEVER = 2 ** 32;

/**
 * Frequency-aware admission behind an adaptive window, after W-TinyLFU (Einziger, Friedman, Manes 2017).
 *
 * A newcomer enters the window, a queue with second chances that behaves like LRU. What leaves it is admitted to the
 * main region only if it is used more often than the entry that must make room there; otherwise it is evicted. So a
 * scan, or a loop longer than the cache, passes through the window and leaves the main region alone.
 *
 * Frequency is measured, not counted: it is the inverse of the mean of the last two intervals between uses, in
 * accesses to the cache. One interval (LIRS; Jiang, Zhang 2002) mistakes a key passed twice by a reversing scan for a
 * hot one; a sketch of counts needs several times longer to learn and to forget. The interval still open counts as
 * soon as it makes the mean worse, so an entry that is used no more ages by itself. Uses within the window are one
 * use, or a burst would look like popularity.
 *
 * How wide the window is follows evidence of what one more slot would have earned on either side: a departed key that
 * comes back soon enough for a slightly wider window speaks for it; a hit in the main region after so long that LRU
 * would have missed it speaks against. What LRU can reach is the time in which as many different keys are used as
 * there are entries.
 */
export class TinyLfuPolicy implements EvictionPolicy {
  readonly usesHash = true;

  private readonly queues = new SlotQueues(2);
  private readonly departed = new DepartedKeys();
  private uses = new Int32Array(0);
  private hashes = new Int32Array(0);

  /** Counts accesses, modulo 2^32; so do all times here. Differences are right as long as they are below 2^31. */
  private now = 0;
  /** How often the window has been replaced: each departure from it is one part of the population. */
  private turns = 0;
  private windowShare = SMALLEST_SHARE;
  private evidence = 0;

  /** Whether an entry ever had to go. Until then every key is kept, and the first generation lasts. */
  private isFull = false;
  /** A generation is over when as many different keys have been used in it as there are entries. */
  private generationStart = 0;
  private usedInGeneration = 0;
  /** The length of the last generation: the longest interval that LRU would have turned into a hit. */
  private reach = NEVER;

  constructor(readonly maxEntries: number) {}

  reserve(slots: number): void {
    const { uses, hashes } = this;
    this.uses = new Int32Array(LANES * (slots + 1));
    this.uses.set(uses);
    this.hashes = new Int32Array(slots + 1);
    this.hashes.set(hashes);
    this.queues.reserve(slots);
    this.departed.reserve(slots);
  }

  hit(slot: number): void {
    const { uses } = this;
    const at = LANES * slot;
    const now = (this.now + 1) | 0;
    this.now = now;
    const last = uses[at + LAST];
    uses[at + LAST] = now;
    if ((uses[at + QUEUED] & REGION) !== WINDOW) {
      uses[at + THIRD] = uses[at + SECOND];
      uses[at + SECOND] = last;
    }
    if (((last - this.generationStart) | 0) < 0) this.hitFirst(slot, (now - last) >>> 0);
  }

  insert(slot: number, hash: number): void {
    const { uses, departed } = this;
    const at = LANES * slot;
    const now = (this.now + 1) | 0;
    this.now = now;
    this.hashes[slot] = hash;
    uses[at + LAST] = now;
    uses[at + SECOND] = 0;
    uses[at + THIRD] = 0;
    if (departed.recall(hash, this.turns)) {
      const interval = (now - departed.lastUse) >>> 0;
      uses[at + SECOND] = departed.lastUse;
      if (departed.interval > 0) uses[at + THIRD] = (departed.lastUse - departed.interval) | 0;
      if (departed.turnsAgo < NEAR) this.weigh(1 / (NEAR * this.population()));
      if (interval > (now - this.generationStart) >>> 0) this.countUse();
    } else {
      this.countUse();
    }
    this.enter(WINDOW, slot);
    this.narrowWindow();
  }

  evict(): number {
    this.isFull = true;
    const { sizes } = this.queues;
    const victim = sizes[MAIN] > 0 ? this.oldestIdle(MAIN) : 0;
    if (victim > 0 && sizes[WINDOW] < this.windowSize()) return this.depart(victim);
    const candidate = this.oldestIdle(WINDOW);
    if (victim === 0 || !this.isHotter(candidate, victim)) return this.depart(candidate);
    this.remove(candidate);
    this.enter(MAIN, candidate);
    return this.depart(victim);
  }

  remove(slot: number): void {
    this.queues.unlink(this.regionOf(slot), slot);
  }

  clear(): void {
    this.queues.clear();
    this.departed.clear();
    this.now = 0;
    this.turns = 0;
    this.windowShare = SMALLEST_SHARE;
    this.evidence = 0;
    this.isFull = false;
    this.generationStart = 0;
    this.usedInGeneration = 0;
    this.reach = NEVER;
  }

  private population(): number {
    return this.queues.sizes[WINDOW] + this.queues.sizes[MAIN];
  }

  /** The window's due part of the entries there are now; a limit in bytes may keep them far below `maxEntries`. */
  private windowSize(): number {
    return Math.max(1, Math.floor(this.windowShare * this.population()));
  }

  private regionOf(slot: number): number {
    return this.uses[LANES * slot + QUEUED] & REGION;
  }

  private enter(region: number, slot: number): void {
    const at = LANES * slot;
    this.uses[at + QUEUED] = (this.uses[at + LAST] << 1) | region;
    this.queues.push(region, slot);
  }

  /** With room to spare, or after the window was found too wide, its oldest entries move on without a contest. */
  private narrowWindow(): void {
    const target = this.windowSize();
    for (let moved = 0; moved < HANDOVER && this.queues.sizes[WINDOW] > target; moved++) {
      const slot = this.oldestIdle(WINDOW);
      this.remove(slot);
      this.enter(MAIN, slot);
    }
  }

  /** The oldest entry of a region that was not used since it was queued; the others are queued again on the way. */
  private oldestIdle(region: number): number {
    const { uses, queues } = this;
    for (;;) {
      const slot = queues.oldest(region);
      const at = LANES * slot;
      if (((uses[at + LAST] << 1) | region) === uses[at + QUEUED]) return slot;
      queues.unlink(region, slot);
      this.enter(region, slot);
    }
  }

  private isHotter(candidate: number, victim: number): boolean {
    return this.uses[LANES * candidate + SECOND] !== 0 && this.twoIntervals(candidate) < this.twoIntervals(victim);
  }

  /** How long the last two intervals took: the smaller, the hotter. A single one counts twice. */
  private twoIntervals(slot: number): number {
    const { uses, now } = this;
    const at = LANES * slot;
    const last = uses[at + LAST];
    const second = uses[at + SECOND];
    const third = uses[at + THIRD];
    if (second === 0) return 2 * ((now - last) >>> 0);
    const closed = third === 0 ? 2 * ((last - second) >>> 0) : (last - third) >>> 0;
    return Math.max(closed, (now - second) >>> 0);
  }

  private depart(slot: number): number {
    const { uses, departed } = this;
    const at = LANES * slot;
    const fromWindow = this.regionOf(slot) === WINDOW;
    const last = uses[at + LAST];
    const second = uses[at + SECOND];
    if (fromWindow) this.turns += 1 / this.population();
    departed.remember(
      this.hashes[slot],
      last,
      second === 0 ? 0 : (last - second) >>> 0,
      this.now,
      fromWindow ? this.turns : -1,
    );
    this.remove(slot);
    return slot;
  }

  /** A hit that is the key's first use in the generation; only such a one can be beyond LRU's reach. */
  private hitFirst(slot: number, interval: number): void {
    this.countUse();
    if (interval > this.reach && this.regionOf(slot) === MAIN) this.weigh(-1 / this.queues.sizes[MAIN]);
  }

  /** Counts a key's first use in the generation. */
  private countUse(): void {
    this.usedInGeneration++;
    if (!this.isFull || this.usedInGeneration < this.population()) return;
    this.reach = (this.now - this.generationStart) >>> 0;
    this.generationStart = this.now;
    this.usedInGeneration = 0;
  }

  /** Adds evidence for a wider window (or a narrower one, below 0). What exceeds the inertia moves the border. */
  private weigh(gain: number): void {
    const evidence = this.evidence + gain;
    this.evidence = Math.min(INERTIA, Math.max(-INERTIA, evidence));
    const share = this.windowShare + evidence - this.evidence;
    this.windowShare = Math.min(1 - SMALLEST_SHARE, Math.max(SMALLEST_SHARE, share));
  }
}

import { DepartedKeys } from './departed-keys.js';
import type { EvictionPolicy } from './policy.js';
import { SlotQueues } from './slot-queues.js';

const WINDOW = 0;
const MAIN = 1;

/**
 * The lanes of a slot in `uses`: the time of its last use; the mean interval between its uses, 0 where unknown; the
 * region in the lowest bit, and above it the time of the last use when the slot was queued in the main region, to tell
 * whether it has been used since; the key's hash.
 */
const LANES = 4;
/** `slot << LANE_BITS` is where a slot's lanes begin: small integers stay so, where a product might not. */
const LANE_BITS = 2;
const LAST = 0;
const MEAN = 1;
const QUEUED = 2;
const HASH = 3;
const REGION = 1;

/** Neither region shrinks below this share, so that each can prove itself when the load changes. W-TinyLFU's 1 %. */
const SMALLEST_SHARE = 0.01;

/** A key that a window wider by this share of the cache would have kept is a reason to widen it. */
const NEAR = 0.125;

/** How far evidence for one region must outweigh that for the other before the border moves: half a cache's worth. */
const INERTIA = 0.5;

/**
 * How many times hotter a newcomer must be than the entry it is to replace. Means of a few intervals are noisy: without
 * a margin, entries of equal worth replace each other, each just before it would have been used again.
 */
const MARGIN = 1.5;

/** How many entries more than the newcomer the window may hand over at a time, when it has become too wide. */
const HANDOVER = 2;

const NEVER = 2 ** 32;

/**
 * Frequency-aware admission behind an adaptive window, after W-TinyLFU (Einziger, Friedman, Manes 2017).
 *
 * A newcomer enters the window, which is an LRU queue. What leaves it is admitted to the main region, a queue with second
 * chances, only if it is used clearly more often than the entry that must make room there; otherwise it is evicted. So a
 * scan, or a loop longer than the cache, passes through the window and leaves the main region alone.
 *
 * Frequency is measured, not counted: it is the inverse of the mean interval between uses, in accesses to the cache. The
 * last interval weighs a half in the mean, the one before a quarter, and so on. The last alone (LIRS; Jiang, Zhang 2002)
 * mistakes a key passed twice by a reversing scan for a hot one; a sketch of counts needs several times longer to learn
 * and to forget. The interval still open counts as soon as it makes the mean worse, so an entry that is used no more
 * ages by itself. Uses within the window are one use, or a burst would look like popularity.
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

  reserve(slots: number): void {
    const { uses } = this;
    this.uses = new Int32Array(LANES * (slots + 1));
    this.uses.set(uses);
    this.queues.reserve(slots);
    this.departed.reserve(slots);
  }

  hit(slot: number): void {
    const { uses } = this;
    const at = slot << LANE_BITS;
    const now = (this.now + 1) | 0;
    this.now = now;
    const last = uses[at + LAST];
    uses[at + LAST] = now;
    const interval = (now - last) | 0;
    if ((uses[at + QUEUED] & REGION) === WINDOW) this.queues.renew(WINDOW, slot);
    else uses[at + MEAN] = meanWith(uses[at + MEAN], interval);
    if (((last - this.generationStart) | 0) < 0) this.hitFirst(slot, interval);
  }

  insert(slot: number, hash: number): void {
    const { uses, departed } = this;
    const at = slot << LANE_BITS;
    const now = (this.now + 1) | 0;
    this.now = now;
    uses[at + LAST] = now;
    uses[at + MEAN] = 0;
    uses[at + HASH] = hash;
    if (departed.recall(hash, this.turns)) {
      const interval = (now - departed.lastUse) | 0;
      uses[at + MEAN] = meanWith(departed.meanInterval, interval);
      if (departed.turnsAgo < NEAR) this.weigh(1 / (NEAR * this.population()));
      if (interval > ((now - this.generationStart) | 0)) this.countUse();
    } else {
      this.countUse();
    }
    this.enter(WINDOW, slot);
    this.narrowWindow();
  }

  evict(): number {
    this.isFull = true;
    const { queues } = this;
    const victim = queues.sizes[MAIN] > 0 ? this.oldestIdle() : 0;
    if (victim > 0 && queues.sizes[WINDOW] < this.windowSize()) return this.depart(victim);
    const candidate = queues.oldest(WINDOW);
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
    return this.uses[(slot << LANE_BITS) + QUEUED] & REGION;
  }

  private enter(region: number, slot: number): void {
    const at = slot << LANE_BITS;
    this.uses[at + QUEUED] = (this.uses[at + LAST] << 1) | region;
    this.queues.push(region, slot);
  }

  /** With room to spare, or after the window was found too wide, its oldest entries move on without a contest. */
  private narrowWindow(): void {
    const target = this.windowSize();
    for (let moved = 0; moved < HANDOVER && this.queues.sizes[WINDOW] > target; moved++) {
      const slot = this.queues.oldest(WINDOW);
      this.remove(slot);
      this.enter(MAIN, slot);
    }
  }

  /** The main region's oldest entry not used since it was queued; the others are queued again on the way. */
  private oldestIdle(): number {
    const { uses, queues } = this;
    for (;;) {
      const slot = queues.oldest(MAIN);
      const at = slot << LANE_BITS;
      if (((uses[at + LAST] << 1) | MAIN) === uses[at + QUEUED]) return slot;
      queues.unlink(MAIN, slot);
      this.enter(MAIN, slot);
    }
  }

  private isHotter(candidate: number, victim: number): boolean {
    const known = this.uses[(candidate << LANE_BITS) + MEAN] !== 0;
    return known && MARGIN * this.currentMean(candidate) < this.currentMean(victim);
  }

  /** The mean interval between uses, with the open one where that makes it longer: the shorter, the hotter. */
  private currentMean(slot: number): number {
    const mean = this.uses[(slot << LANE_BITS) + MEAN] | 0;
    return Math.max(mean, meanWith(mean, (this.now - this.uses[(slot << LANE_BITS) + LAST]) | 0));
  }

  private depart(slot: number): number {
    const { uses, departed } = this;
    const at = slot << LANE_BITS;
    const fromWindow = this.regionOf(slot) === WINDOW;
    if (fromWindow) this.turns += 1 / this.population();
    const turns = fromWindow ? this.turns : -1;
    departed.remember(uses[at + HASH], uses[at + LAST], uses[at + MEAN] | 0, this.now, turns);
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
    this.reach = (this.now - this.generationStart) | 0;
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

/** One more interval for a mean, which is 0 where none is known yet. Rounded up, so that it is never 0 again. */
function meanWith(mean: number, interval: number): number {
  return mean === 0 ? interval : (mean + ((interval - mean + 1) >> 1)) | 0;
}

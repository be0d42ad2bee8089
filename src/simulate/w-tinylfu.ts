import type { EvictionPolicy } from '../locmem/policy.js';
import { SlotQueues } from '../locmem/slot-queues.js';
import { CountMinSketch } from './count-min-sketch.js';

const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;

/**
 * W-TinyLFU (Einziger, Friedman, Manes 2017) with the adaptive window of "Adaptive Software Cache Management" (2018),
 * in the proportions Caffeine uses: an LRU window of 1 %, a main region of which 80 % is protected, and a hill climber
 * that moves the border by 6.25 % of the cache as long as the hit ratio rises, in ever smaller steps.
 */
export class WTinyLfuPolicy implements EvictionPolicy {
  readonly usesHash = true;
  private readonly queues = new SlotQueues(3);
  private readonly sketch: CountMinSketch;
  private region = new Uint8Array(1);
  private hashes = new Int32Array(1);
  private window: number;
  private step: number;
  private sampled = 0;
  private sampledHits = 0;
  private lastRatio = 0;

  constructor(private readonly maxEntries: number) {
    this.sketch = new CountMinSketch(maxEntries);
    this.window = Math.max(1, maxEntries * 0.01);
    this.step = -0.0625 * maxEntries;
  }

  reserve(slots: number): void {
    const { region, hashes } = this;
    this.region = new Uint8Array(slots + 1);
    this.region.set(region);
    this.hashes = new Int32Array(slots + 1);
    this.hashes.set(hashes);
    this.queues.reserve(slots);
  }

  insert(slot: number, hash: number): void {
    this.hashes[slot] = hash;
    this.sketch.increment(hash);
    this.enter(WINDOW, slot);
    this.drainWindow();
    this.climb(false);
  }

  hit(slot: number): void {
    this.sketch.increment(this.hashes[slot]);
    this.leave(slot);
    this.enter(this.region[slot] === WINDOW ? WINDOW : PROTECTED, slot);
    this.drainProtected();
    this.climb(true);
  }

  evict(): number {
    const { sizes } = this.queues;
    // The newcomer is about to enter the window, so what the window must give up by then is the candidate.
    const candidate = sizes[WINDOW] >= Math.floor(this.window) ? this.queues.oldest(WINDOW) : 0;
    const victim = this.queues.oldest(sizes[PROBATION] > 0 ? PROBATION : PROTECTED);
    const loser = victim <= 0 ? this.queues.oldest(WINDOW) : candidate > 0 ? this.worse(candidate, victim) : victim;
    this.leave(loser);
    return loser;
  }

  remove(slot: number): void {
    this.leave(slot);
  }

  clear(): void {
    this.queues.clear();
  }

  private worse(candidate: number, victim: number): number {
    const { sketch, hashes } = this;
    return sketch.estimate(hashes[candidate]) > sketch.estimate(hashes[victim]) ? victim : candidate;
  }

  private enter(region: number, slot: number): void {
    this.region[slot] = region;
    this.queues.push(region, slot);
  }

  private leave(slot: number): void {
    this.queues.unlink(this.region[slot], slot);
  }

  private drainWindow(): void {
    while (this.queues.sizes[WINDOW] > Math.floor(this.window)) {
      const slot = this.queues.oldest(WINDOW);
      this.leave(slot);
      this.enter(PROBATION, slot);
    }
  }

  private drainProtected(): void {
    const most = Math.floor(0.8 * (this.maxEntries - this.window));
    while (this.queues.sizes[PROTECTED] > most) {
      const slot = this.queues.oldest(PROTECTED);
      this.leave(slot);
      this.enter(PROBATION, slot);
    }
  }

  /** Judges the last step by the hit ratio since then, and takes the next one. */
  private climb(hit: boolean): void {
    if (hit) this.sampledHits++;
    if (++this.sampled < 10 * this.maxEntries) return;
    const ratio = this.sampledHits / this.sampled;
    const change = ratio - this.lastRatio;
    const step = change >= 0 ? this.step : -this.step;
    this.step = Math.abs(change) >= 0.05 ? Math.sign(step) * 0.0625 * this.maxEntries : 0.98 * step;
    this.lastRatio = ratio;
    this.sampled = 0;
    this.sampledHits = 0;
    const widest = Math.max(1, 0.8 * this.maxEntries);
    this.window = Math.min(widest, Math.max(1, this.window + step));
    this.drainWindow();
    while (this.queues.sizes[WINDOW] < Math.floor(this.window) - 1 && this.queues.sizes[PROBATION] > 0) {
      const slot = this.queues.oldest(PROBATION);
      this.leave(slot);
      this.enter(WINDOW, slot);
    }
  }
}

import { SlotQueues } from '../locmem/slot-queues.js';
import type { Trace } from './replay.js';

const SMALL = 0;
const MAIN = 1;
const MOST_USES = 3;

/**
 * S3-FIFO (Yang et al., SOSP 2023): a small queue of a tenth, a main queue with second chances, and a memory of as many
 * keys that left the small queue as the main queue holds. More than one use in the small queue earns the main queue,
 * and uses count up to three, as in the paper.
 *
 * A move into a full main queue evicts there and goes on evicting from the small queue, so one miss can cost two
 * entries. An `EvictionPolicy` gives up one at a time; hence this one keeps its own population, with ids for slots.
 */
export class S3Fifo {
  private readonly queues = new SlotQueues(2);
  private readonly ghosts = new Set<number>();
  private readonly smallSize: number;
  private readonly mainSize: number;
  private readonly ghostSize: number;
  private readonly uses: Uint8Array;
  private readonly resident: Uint8Array;

  constructor(
    private readonly size: number,
    keys: number,
  ) {
    this.smallSize = Math.floor(size * 0.1);
    this.mainSize = size - this.smallSize;
    this.ghostSize = Math.floor(size * 0.9);
    this.uses = new Uint8Array(keys + 1);
    this.resident = new Uint8Array(keys + 1);
    this.queues.reserve(keys);
  }

  /** Uses a key, and stores it if it was not there. Returns whether it was. */
  access(id: number): boolean {
    const slot = id + 1;
    if (this.resident[slot] === 1) {
      if (this.uses[slot] < MOST_USES) this.uses[slot]++;
      return true;
    }
    const { sizes } = this.queues;
    while (sizes[SMALL] + sizes[MAIN] >= this.size) {
      if (sizes[SMALL] >= this.smallSize || sizes[MAIN] === 0) this.evictFromSmall();
      else this.evictFromMain();
    }
    this.resident[slot] = 1;
    this.uses[slot] = 0;
    this.queues.push(this.ghosts.delete(slot) ? MAIN : SMALL, slot);
    return false;
  }

  private evictFromSmall(): void {
    const { queues, uses } = this;
    while (queues.sizes[SMALL] > 0) {
      const slot = queues.oldest(SMALL);
      queues.unlink(SMALL, slot);
      if (uses[slot] <= 1) {
        this.resident[slot] = 0;
        this.remember(slot);
        return;
      }
      uses[slot] = 0;
      queues.push(MAIN, slot);
      if (queues.sizes[MAIN] > this.mainSize) this.evictFromMain();
    }
  }

  private evictFromMain(): void {
    const { queues, uses } = this;
    while (queues.sizes[MAIN] > 0) {
      const slot = queues.oldest(MAIN);
      queues.unlink(MAIN, slot);
      if (uses[slot] === 0) {
        this.resident[slot] = 0;
        return;
      }
      uses[slot]--;
      queues.push(MAIN, slot);
    }
  }

  private remember(slot: number): void {
    if (this.ghostSize === 0) return;
    if (this.ghosts.size === this.ghostSize) {
      // A Set iterates in the order of insertion, so this is the oldest.
      for (const oldest of this.ghosts) {
        this.ghosts.delete(oldest);
        break;
      }
    }
    this.ghosts.add(slot);
  }
}

export function s3FifoHitRatio(trace: Trace, size: number): number {
  const cache = new S3Fifo(size, trace.keys);
  let hits = 0;
  for (const id of trace.accesses) if (cache.access(id)) hits++;
  return trace.accesses.length === 0 ? 0 : (100 * hits) / trace.accesses.length;
}

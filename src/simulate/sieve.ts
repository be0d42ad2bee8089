import type { EvictionPolicy } from '../locmem/policy.js';
import { SlotQueues } from '../locmem/slot-queues.js';

/** SIEVE (Zhang et al., NSDI 2024): a queue whose hand spares visited entries where they stand. */
export class SievePolicy implements EvictionPolicy {
  readonly usesHash = false;
  private readonly queue = new SlotQueues(1);
  private visited = new Uint8Array(1);
  /** Where the hand stopped; 0 for the oldest end. */
  private hand = 0;

  reserve(slots: number): void {
    const visited = new Uint8Array(slots + 1);
    visited.set(this.visited);
    this.visited = visited;
    this.queue.reserve(slots);
  }

  insert(slot: number, _hash: number): void {
    this.visited[slot] = 0;
    this.queue.push(0, slot);
  }

  hit(slot: number): void {
    this.visited[slot] = 1;
  }

  evict(): number {
    let victim = this.hand || this.queue.oldest(0);
    while (this.visited[victim] === 1) {
      this.visited[victim] = 0;
      victim = this.queue.newer(victim) || this.queue.oldest(0);
    }
    this.hand = victim;
    this.remove(victim);
    return victim;
  }

  remove(slot: number): void {
    if (slot === this.hand) this.hand = this.queue.newer(slot);
    this.queue.unlink(0, slot);
  }

  clear(): void {
    this.hand = 0;
    this.queue.clear();
  }
}

import type { Trace } from './replay.js';

/**
 * Hit ratio in percent of Belady's optimum (1966) with bypass: what is used again last goes first, the newcomer
 * included. It knows the future, so it is no `EvictionPolicy`; it is the bound for all of them.
 */
export function optimalHitRatio(trace: Trace, size: number): number {
  const { accesses, keys } = trace;
  const never = accesses.length;
  const nextUse = nextUses(accesses, keys);
  // Entries by next use, so that an access is its own entry: position i of the trace stands for what is used there.
  const resident = new Uint8Array(never + 1);
  const furthest = new MaxHeap(size);
  let hits = 0;
  let live = 0;
  for (let now = 0; now < never; now++) {
    // The heap still holds `now` when it was resident; it is the smallest there, below every next use, and so it is
    // never popped before the heap has shrunk to the live entries.
    if (resident[now] === 1) {
      hits++;
      live--;
    }
    const next = nextUse[now];
    if (next === never) continue;
    furthest.push(next);
    resident[next] = 1;
    if (++live > size) {
      resident[furthest.pop()] = 0;
      live--;
    }
  }
  return never === 0 ? 0 : (100 * hits) / never;
}

/** For each access the position of the same key's next one, or the trace's length where there is none. */
function nextUses(accesses: Uint32Array, keys: number): Uint32Array {
  const next = new Uint32Array(accesses.length);
  const seenAt = new Uint32Array(keys).fill(accesses.length);
  for (let at = accesses.length - 1; at >= 0; at--) {
    next[at] = seenAt[accesses[at]];
    seenAt[accesses[at]] = at;
  }
  return next;
}

/** A binary heap of numbers with the largest on top. */
class MaxHeap {
  private items: Uint32Array;
  private length = 0;

  constructor(capacity: number) {
    this.items = new Uint32Array(capacity + 1);
  }

  push(value: number): void {
    if (this.length === this.items.length) {
      const larger = new Uint32Array(2 * this.length);
      larger.set(this.items);
      this.items = larger;
    }
    const { items } = this;
    let at = this.length++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent] >= value) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = value;
  }

  pop(): number {
    const { items } = this;
    const top = items[0];
    const last = items[--this.length];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.length) break;
      if (child + 1 < this.length && items[child + 1] > items[child]) child++;
      if (items[child] <= last) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return top;
  }
}

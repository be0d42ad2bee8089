import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LruPolicy } from '#dist/locmem/lru.js';
import type { EvictionPolicy } from '#dist/locmem/policy.js';
import { SlotQueues } from '#dist/locmem/slot-queues.js';
import { optimalHitRatio } from '#dist/simulate/optimal.js';
import { policies } from '#dist/simulate/policies.js';
import { replay, type Trace } from '#dist/simulate/replay.js';
import { S3Fifo } from '#dist/simulate/s3-fifo.js';
import { SievePolicy } from '#dist/simulate/sieve.js';
import { generate, workloads } from '#dist/simulate/workloads.js';

/** Ids from letters in order of first appearance, as traces have them. */
function traceOf(keys: string): Trace {
  const known = [...new Set(keys)];
  return { name: keys, accesses: Uint32Array.from(keys, (key) => known.indexOf(key)), keys: known.length };
}

function hitsOf(keys: string, size: number, policy: EvictionPolicy): number {
  return Math.round((replay(traceOf(keys), size, policy) * keys.length) / 100);
}

function optimalHits(trace: Trace, size: number): number {
  return Math.round((optimalHitRatio(trace, size) * trace.accesses.length) / 100);
}

/** The optimum by trying everything: after each access any key may be given up, the new one included. */
function exhaustiveHits(ids: number[], size: number, at = 0, held: readonly number[] = []): number {
  if (at === ids.length) return 0;
  const hit = held.includes(ids[at]!);
  const all = hit ? held : [...held, ids[at]!];
  const keep = all.length <= size ? [all] : all.map((given) => all.filter((id) => id !== given));
  return (hit ? 1 : 0) + Math.max(...keep.map((next) => exhaustiveHits(ids, size, at + 1, next)));
}

describe('LRU', () => {
  it('evicts what was used least recently', () => {
    assert.equal(hitsOf('abcab', 3, new LruPolicy()), 2);
    assert.equal(hitsOf('abcdab', 3, new LruPolicy()), 0);
    // d takes the place of b, for a was used since; b then takes that of c.
    assert.equal(hitsOf('abcadab', 3, new LruPolicy()), 2);
  });
});

describe('SIEVE', () => {
  it('spares visited entries and leaves them where they are', () => {
    // d: the hand clears a and evicts b. e: it goes on from c, which it evicts. a is still there.
    assert.equal(hitsOf('abcadea', 3, new SievePolicy()), 2);
    // The hand passes a, clears it, and stands behind it: only after going round does it evict a.
    assert.equal(hitsOf('abcadefa', 3, new SievePolicy()), 2);
  });

  it('moves the hand on when the entry it points at is removed', () => {
    const policy = new SievePolicy();
    policy.reserve(4);
    for (const slot of [1, 2, 3]) policy.insert(slot, 0);
    policy.hit(1);
    assert.equal(policy.evict(), 2);
    policy.remove(3);
    policy.insert(4, 0);
    assert.equal(policy.evict(), 1);
    assert.equal(policy.evict(), 4);
  });
});

describe('S3-FIFO', () => {
  /** Ten entries: one in the small queue once full, nine in the main queue, nine remembered. */
  const access = (cache: S3Fifo, ids: number[]) => ids.map((id) => cache.access(id));

  it('lets go of what was used once, and remembers it', () => {
    const cache = new S3Fifo(10, 20);
    access(cache, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(cache.access(10), false, 'evicts 0');
    assert.equal(cache.access(0), false, 'evicts 1; 0 enters the main queue');
    access(cache, [11, 12, 13, 14, 15, 16, 17, 18, 19]);
    assert.equal(cache.access(0), true, 'one-hit wonders did not touch it');
  });

  it('moves what was used twice while small into the main queue, and what was used once more does not count', () => {
    const cache = new S3Fifo(10, 20);
    access(cache, [0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    access(cache, [10, 11, 12]);
    assert.equal(cache.access(0), true);
    assert.equal(cache.access(1), false);
  });
});

describe('OPT', () => {
  it('gives up what is used again last', () => {
    // a and b stay, and c is never stored.
    assert.equal(optimalHits(traceOf('abcabcabc'), 2), 4);
    assert.equal(optimalHits(traceOf('abcdabcd'), 3), 3);
    assert.equal(optimalHits(traceOf('abab'), 1), 1);
  });

  it('equals an exhaustive search', () => {
    const ids = fc.array(fc.nat(4), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 3 }), (accesses, size) => {
        const trace = { name: '', accesses: Uint32Array.from(accesses), keys: 5 };
        assert.equal(optimalHits(trace, size), exhaustiveHits(accesses, size));
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('is a bound for every policy, and every policy hits all repeats when all keys fit', () => {
    for (const name of Object.keys(workloads)) {
      const trace = generate(name, 2, 5_000);
      for (const size of [10, 100]) {
        const bound = optimalHitRatio(trace, size);
        for (const ratio of Object.values(policies)) assert.ok(ratio(trace, size, 1) <= bound + 1e-9);
      }
      const repeats = 100 * (1 - trace.keys / 5_000);
      // S3-FIFO's and W-TinyLFU's queues have fixed shares, so only a cache with room to spare is sure to keep all.
      for (const ratio of Object.values(policies)) {
        assert.ok(Math.abs(ratio(trace, 2 * trace.keys, 1) - repeats) < 1e-9);
      }
    }
  });
});

describe('SlotQueues', () => {
  it('keeps the order of each queue through growth', () => {
    const queues = new SlotQueues(2);
    queues.reserve(2);
    queues.push(0, 1);
    queues.push(1, 2);
    queues.reserve(4);
    queues.push(0, 3);
    queues.push(0, 4);
    queues.unlink(0, 3);
    assert.equal(queues.oldest(0), 1);
    assert.equal(queues.newer(1), 4);
    assert.ok(queues.newer(4) <= 0);
    assert.equal(queues.oldest(1), 2);
    assert.deepEqual([...queues.sizes], [2, 1]);
    queues.clear();
    assert.ok(queues.oldest(0) <= 0 && queues.oldest(1) <= 0);
  });
});

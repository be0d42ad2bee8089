import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DepartedKeys } from '#dist/locmem/departed-keys.js';
import { LruPolicy } from '#dist/locmem/lru.js';
import type { EvictionPolicy } from '#dist/locmem/policy.js';
import { TinyLfuPolicy } from '#dist/locmem/tinylfu.js';
import { optimalHitRatio } from '#dist/simulate/optimal.js';
import { hashId, seededRandom } from '#dist/simulate/random.js';
import { replay, type Trace } from '#dist/simulate/replay.js';
import { generate } from '#dist/simulate/workloads.js';

/** A store in miniature: keys in slots, bounded, doing to the policy what a cache does. */
class Population {
  readonly slotOf = new Map<number, number>();
  private readonly keyIn = new Map<number, number>();
  private readonly free: number[] = [];
  private used = 0;
  private capacity = 0;

  constructor(private readonly policy: EvictionPolicy) {}

  access(key: number): boolean {
    const slot = this.slotOf.get(key);
    if (slot !== undefined) {
      this.policy.hit(slot);
      return true;
    }
    const place = this.free.pop() ?? ++this.used;
    if (place > this.capacity) {
      this.capacity = Math.max(place, 2 * this.capacity);
      this.policy.reserve(this.capacity);
    }
    this.slotOf.set(key, place);
    this.keyIn.set(place, key);
    this.policy.insert(place, hashId(key, 7));
    return false;
  }

  evict(): void {
    const slot = this.policy.evict();
    assert.ok(this.keyIn.has(slot), `slot ${slot} is not in use`);
    this.release(slot);
  }

  remove(key: number): void {
    const slot = this.slotOf.get(key);
    if (slot === undefined) return;
    this.policy.remove(slot);
    this.release(slot);
  }

  clear(): void {
    this.policy.clear();
    this.slotOf.clear();
    this.keyIn.clear();
    this.free.length = 0;
    this.used = 0;
  }

  private release(slot: number): void {
    this.slotOf.delete(this.keyIn.get(slot)!);
    this.keyIn.delete(slot);
    this.free.push(slot);
  }
}

interface Insides {
  queues: { sizes: Int32Array; links: Int32Array };
  departed: { words: Int32Array };
  windowShare: number;
  regionOf(slot: number): number;
}

/** Walks both lists either way: every resident once, in the region it believes to be in, and nothing else. */
function assertConsistent(policy: TinyLfuPolicy, residents: Iterable<number>): void {
  const { queues, windowShare } = policy as unknown as Insides;
  const found = new Set<number>();
  for (const region of [0, 1]) {
    let size = 0;
    let before = region;
    for (let node = queues.links[2 * region]!; node !== region; node = queues.links[2 * node]!) {
      const slot = node - 1;
      assert.equal(queues.links[2 * node + 1], before, `slot ${slot} does not point back`);
      assert.equal((policy as unknown as Insides).regionOf(slot), region);
      assert.ok(!found.has(slot), `slot ${slot} is linked twice`);
      found.add(slot);
      before = node;
      size++;
    }
    assert.equal(queues.links[2 * region + 1], before);
    assert.equal(queues.sizes[region], size);
  }
  assert.deepEqual([...found].sort(), [...residents].sort());
  assert.ok(windowShare > 0 && windowShare < 1);
}

function traceOf(name: string, ids: number[]): Trace {
  return { name, accesses: Uint32Array.from(ids), keys: ids.reduce((most, id) => Math.max(most, id), 0) + 1 };
}

/** A tenth of the accesses are new keys; the others go back in the stack of recent ones by `depth` on average. */
function stackTrace(depth: number, accesses: number): Trace {
  const random = seededRandom(1);
  const stack = [0];
  let fresh = 1;
  const ids = [0];
  while (ids.length < accesses) {
    const at = stack.length - 1 - Math.floor(-Math.log(1 - random()) * depth);
    const id = at < 0 || random() < 0.1 ? fresh++ : stack.splice(at, 1)[0]!;
    stack.push(id);
    ids.push(id);
  }
  return traceOf('stack', ids);
}

function tinyLfu(trace: Trace, size: number, seed = 1): number {
  return replay(trace, size, new TinyLfuPolicy(), seed);
}

describe('TinyLfuPolicy: structure', () => {
  const operation = fc.oneof(
    { weight: 20, arbitrary: fc.record({ kind: fc.constant('access' as const), key: fc.nat(40) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), key: fc.nat(40) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('evict' as const), key: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), key: fc.constant(0) }) },
  );

  it('holds every resident once, after any sequence of operations and for any bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.array(operation, { maxLength: 300 }), (bound, operations) => {
        const policy = new TinyLfuPolicy();
        const population = new Population(policy);
        for (const { kind, key } of operations) {
          if (kind === 'access') {
            if (!population.slotOf.has(key)) while (population.slotOf.size >= bound) population.evict();
            population.access(key);
          } else if (kind === 'remove') population.remove(key);
          else if (kind === 'clear') population.clear();
          else if (population.slotOf.size > 0) population.evict();
          assertConsistent(policy, population.slotOf.values());
        }
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  for (const bound of [1, 2, 3]) {
    it(`works with room for ${bound}`, () => {
      const population = new Population(new TinyLfuPolicy());
      for (let key = 0; key < 50; key++) {
        while (population.slotOf.size >= bound) population.evict();
        population.access(key);
        assert.equal(population.access(key), true, 'the newcomer is always stored');
      }
      assert.equal(population.slotOf.size, bound);
    });
  }

  it('does the same for the same accesses and seed', () => {
    const trace = generate('phases', 3, 20_000);
    assert.equal(tinyLfu(trace, 300, 5), tinyLfu(trace, 300, 5));
  });

  it('takes memory for the entries there are, whatever the bound', () => {
    const policy = new TinyLfuPolicy();
    policy.reserve(100);
    const { departed, queues } = policy as unknown as Insides;
    assert.ok(departed.words.byteLength <= 16 * 100 + 64);
    assert.ok(queues.links.byteLength <= 8 * 110);
  });

  it('starts anew after clear', () => {
    const policy = new TinyLfuPolicy();
    const trace = generate('recency', 1, 10_000);
    const fresh = replay(trace, 100, policy, 1);
    policy.clear();
    assert.equal(replay(trace, 100, policy, 1), fresh);
  });
});

describe('DepartedKeys', () => {
  it('returns what it was told, the interval within 2 % and never shorter', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.nat(2 ** 31 - 1), fc.integer(), (lastUse, interval, hash) => {
        const departed = new DepartedKeys();
        departed.reserve(10);
        departed.remember(hash, lastUse, interval, lastUse, 1);
        assert.equal(departed.recall(hash, 1), true);
        assert.equal(departed.lastUse, lastUse);
        assert.ok(departed.meanInterval >= interval && departed.meanInterval <= interval * 1.02);
        assert.equal(departed.recall(hash, 1), false, 'recalled keys are forgotten');
      }),
      { seed: 1 },
    );
  });

  it('tells how far the window has turned since, and that a key did not come from there', () => {
    const departed = new DepartedKeys();
    departed.reserve(10);
    departed.remember(1, 5, 0, 5, 20);
    departed.recall(1, 20.5);
    assert.equal(departed.turnsAgo, 0.5);
    departed.remember(1, 5, 0, 5, -1);
    departed.recall(1, 20.5);
    assert.equal(departed.turnsAgo, Infinity);
  });

  it('remembers through growth', () => {
    const departed = new DepartedKeys();
    departed.reserve(64);
    const hashes = Array.from({ length: 64 }, (_, key) => hashId(key, 1));
    for (const [key, hash] of hashes.entries()) departed.remember(hash, key + 1, 10, 100, 1);
    departed.reserve(128);
    departed.reserve(256);
    for (const [key, hash] of hashes.entries()) {
      assert.equal(departed.recall(hash, 1), true);
      assert.equal(departed.lastUse, key + 1);
    }
  });

  it('keeps the most recently used keys of a bucket, and no more than it has room for', () => {
    const departed = new DepartedKeys();
    departed.reserve(4); // one bucket of eight
    for (let key = 0; key < 20; key++) departed.remember(key + 1, 100 + key, 0, 200, 1);
    const kept = Array.from({ length: 20 }, (_, key) => key).filter((key) => departed.recall(key + 1, 1));
    assert.deepEqual(kept, [12, 13, 14, 15, 16, 17, 18, 19]);
  });
});

describe('TinyLfuPolicy: behaviour', () => {
  it('keeps a hot set through a scan of keys that never come back', () => {
    const population = new Population(new TinyLfuPolicy());
    const use = (key: number) => {
      if (!population.slotOf.has(key)) while (population.slotOf.size >= 100) population.evict();
      return population.access(key);
    };
    for (let round = 0; round < 20; round++) for (let key = 0; key < 90; key++) use(key);
    for (let key = 1_000; key < 11_000; key++) use(key);
    const survivors = Array.from({ length: 90 }, (_, key) => key).filter((key) => population.slotOf.has(key));
    assert.ok(survivors.length >= 85, `${survivors.length} of 90 are left`);
  });

  for (const length of [1_100, 1_500, 4_000]) {
    it(`hits most of what can be hit in a loop of ${length} over 1,000 entries`, () => {
      const trace = traceOf(
        'loop',
        Array.from({ length: 60_000 }, (_, at) => at % length),
      );
      assert.equal(replay(trace, 1_000, new LruPolicy()), 0);
      assert.ok(tinyLfu(trace, 1_000) > 0.95 * optimalHitRatio(trace, 1_000));
    });
  }

  for (const size of [100, 300, 1_000]) {
    it(`stays within 2 points of LRU where LRU is optimal, size ${size}`, () => {
      const trace = generate('zigzag', 1);
      assert.ok(tinyLfu(trace, size) > replay(trace, size, new LruPolicy()) - 2);
    });
  }

  it('stays within 2 points of LRU where recency is all there is', () => {
    const trace = generate('recency', 1);
    for (const size of [100, 250, 500, 1_264, 2_528, 5_000, 12_000]) {
      assert.ok(tinyLfu(trace, size) > replay(trace, size, new LruPolicy()) - 2, `size ${size}`);
    }
  });

  it('stays within 2 points of LRU where depths of reuse fall off slowly', () => {
    const trace = stackTrace(5_000, 100_000);
    for (const size of [500, 2_000, 5_000, 10_000]) {
      assert.ok(tinyLfu(trace, size) > replay(trace, size, new LruPolicy()) - 2, `size ${size}`);
    }
  });

  it('stays within 7 points of LRU on a large reversing scan, which it has to learn from a narrow window', () => {
    const there = Array.from({ length: 8_000 }, (_, id) => id);
    const back = there.toReversed();
    const trace = traceOf('turns', [...there, ...back, ...there, ...back, ...there, ...back, ...there, ...back]);
    for (const size of [1_000, 4_000, 6_000]) {
      assert.ok(tinyLfu(trace, size) > replay(trace, size, new LruPolicy()) - 7, `size ${size}`);
    }
  });

  it('does not trade entries of equal worth', () => {
    const random = seededRandom(1);
    const ids = Array.from({ length: 200_000 }, () => Math.floor(2_000 * random()));
    assert.ok(tinyLfu(traceOf('uniform', ids), 1_000) > 48);
  });

  it('takes a burst for one use', () => {
    const ids = Array.from({ length: 60_000 }, (_, at) => (at >> 1) % 1_500);
    // Every second access is the second of a pair; half of the others can be hit by keeping half of the loop.
    assert.ok(tinyLfu(traceOf('pairs', ids), 750) > 70);
  });

  it('changes its mind from recency to a loop and back', () => {
    const size = 1_000;
    const loop = Array.from({ length: 30_000 }, (_, at) => at % 1_500);
    const recent = [...generate('recency', 1, 40_000).accesses].map((id) => id + 1_500);
    const recentAgain = recent.map((id) => id + 50_000);
    const ids = [...recent, ...loop, ...recentAgain];
    const ratioBefore = (end: number, policy: () => EvictionPolicy) => {
      const hits = (count: number) => (replay(traceOf('part', ids.slice(0, count)), size, policy(), 1) * count) / 100;
      return (hits(end) - hits(end - 10_000)) / 10_000;
    };
    const ours = () => new TinyLfuPolicy();
    assert.ok(ratioBefore(70_000, ours) > 0.6, 'two thirds of the loop fit');
    assert.ok(ratioBefore(110_000, ours) > ratioBefore(110_000, () => new LruPolicy()) - 0.03);
  });

  it('depends little on the hash function', () => {
    const trace = generate('zipf-and-scans', 1);
    const ratios = [1, 2, 3, 4, 5].map((seed) => tinyLfu(trace, 500, seed));
    assert.ok(Math.max(...ratios) - Math.min(...ratios) < 0.5);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { CacheUnavailableError, LocMemCache } from 'locmem';
import { readCacheOptions } from '#dist/core/cache-options.js';
import type { Address } from '#dist/core/engine.js';
import { NearTier } from '#dist/tiered/near-tier.js';
import { TieredEngine } from '#dist/tiered/tiered-engine.js';
import { ManualClock } from '../conformance/manual-clock.js';
import { TellingEngine, TellingServer } from './telling-engine.js';

const MACHINES = 3;
const NAMES = ['a', 'b'];
const TTLS = [30, 100, Number.POSITIVE_INFINITY];
/** Longer than any ttl that ends. */
const LONGEST = 250;
const CALLS = [
  ...['read', 'read', 'read', 'readMany', 'write', 'write', 'writeNew', 'writeMany', 'remove', 'removeMany'],
  ...['prolong', 'prolong', 'increase', 'move', 'contains', 'removeAll', 'lose the wire', 'time passes', 'write past'],
] as const;

interface Step {
  readonly machine: number;
  readonly call: string;
  readonly name: number;
  readonly ttl: number;
}

/** Few kinds of calls in one run meet each other more often than all of them would. */
const steps: fc.Arbitrary<Step[]> = fc
  .tuple(fc.shuffledSubarray([...CALLS] as string[], { minLength: 2, maxLength: 6 }), fc.integer({ min: 1, max: 2 }))
  .chain(([calls, names]) =>
    fc.array(
      fc.record({
        machine: fc.nat(MACHINES - 1),
        call: fc.constantFrom(...calls),
        name: fc.nat(names - 1),
        ttl: fc.constantFrom(...TTLS),
      }),
      { minLength: 2, maxLength: 16 },
    ),
  );

const at = (name: string): Address => ({ key: name, version: 1, name: `p:1:${name}` });

class Machine {
  readonly l1: LocMemCache;
  readonly near: NearTier;
  readonly far: TellingEngine;
  readonly engine: TieredEngine;
  isClosed = false;

  constructor(
    server: TellingServer,
    clock: ManualClock,
    schedule: (what: string) => Promise<unknown>,
    l1: LocMemCache,
  ) {
    const settings = readCacheOptions({ keyPrefix: 'p' });
    this.l1 = l1;
    this.near = new NearTier(l1, settings);
    let following: TellingEngine | undefined;
    const far = new TellingEngine(server, settings, clock, schedule);
    const follow = far.follow.bind(far);
    far.follow = (listener) => {
      following = follow(listener);
      return following as never;
    };
    const ttls = { untoldTtl: 1000, toldTtl: Number.POSITIVE_INFINITY, failOpen: false };
    this.engine = new TieredEngine(this.near, far, ttls, () => clock.now());
    this.far = following!;
  }

  async obey({ call, name, ttl }: Step, value: number): Promise<void> {
    const { engine } = this;
    const one = at(NAMES[name]!);
    const other = at(NAMES[(name + 1) % NAMES.length]!);
    const sealed = engine.seal(value);
    switch (call) {
      case 'read':
        if (!engine.isNearGood || this.near.get(one) === undefined) await engine.read(one);
        break;
      case 'readMany':
        await engine.readMany([one, other]);
        break;
      case 'write':
        await engine.write(one, sealed, ttl);
        break;
      case 'writeNew':
        await engine.writeNew(one, sealed, ttl);
        break;
      case 'writeMany':
        await engine.writeMany(
          [one, other].map((each) => ({ at: each, sealed })),
          ttl,
        );
        break;
      case 'remove':
        await engine.remove(one);
        break;
      case 'removeMany':
        await engine.removeMany([one, other]);
        break;
      case 'prolong':
        await engine.prolong(one, ttl);
        break;
      case 'increase':
        await engine.increase(one, 1);
        break;
      case 'move':
        await engine.move(one, other);
        break;
      case 'contains':
        await engine.contains(one);
        break;
      case 'removeAll':
        await engine.removeAll();
        break;
    }
  }
}

async function play(
  scheduler: fc.Scheduler,
  taken: readonly Step[],
  { isShared, isChunked, closes }: { isShared: boolean; isChunked: boolean; closes: number | undefined },
): Promise<void> {
  const clock = new ManualClock(1000);
  const schedule = (what: string) => scheduler.schedule(Promise.resolve(), what);
  const server = new TellingServer(clock, schedule, isChunked);
  const shared = new LocMemCache({ keyPrefix: 'p', clock });
  const machines = Array.from(
    { length: MACHINES },
    () => new Machine(server, clock, schedule, isShared ? shared : new LocMemCache({ keyPrefix: 'p', clock })),
  );
  const underWay: Promise<void>[] = [];
  let value = 0;

  async function attempt(machine: Machine, one: Step): Promise<void> {
    try {
      await machine.obey(one, ++value);
    } catch (error) {
      if (!(error instanceof CacheUnavailableError)) throw error;
    }
  }

  function take(one: Step): void {
    const machine = machines[one.machine]!;
    if (one.call === 'time passes') clock.advance(20);
    else if (one.call === 'write past') {
      const { name } = at(NAMES[one.name]!);
      server.entries.put(name, machine.engine.seal(++value), one.ttl);
      server.changed([name]);
    } else if (!machine.isClosed) {
      if (one.call === 'lose the wire') machine.far.loseWire();
      else underWay.push(attempt(machine, one));
    }
  }

  const sequence = scheduler.scheduleSequence(
    taken.map((one, i) => ({
      label: `machine ${one.machine}: ${one.call} ${NAMES[one.name]}`,
      builder: async () => {
        take(one);
        if (i !== closes) return;
        const machine = machines[one.machine]!;
        machine.isClosed = true;
        await machine.engine.close();
      },
    })),
  );
  await scheduler.waitFor(sequence.task);
  assert.equal((await sequence.task).faulty, false, 'a step failed');
  await scheduler.waitFor(Promise.all(underWay));
  do {
    while (scheduler.count() > 0) await scheduler.waitOne();
    await setImmediate();
  } while (scheduler.count() > 0);

  for (let passed = 0; passed <= LONGEST; passed += 5) {
    for (const [i, { near, engine }] of machines.entries()) {
      for (const name of NAMES) {
        const held = near.get(at(name));
        const true_ = engine.unseal(server.entries.get(at(name).name)?.sealed);
        if (held !== undefined) assert.equal(held, true_, `machine ${i} has ${name} after ${passed} ms`);
      }
    }
    clock.advance(5);
  }
  for (const { engine } of machines) await engine.close();
}

describe('tiers among others, in any interleaving of questions, answers and news', () => {
  for (const isShared of [false, true]) {
    it(`have nothing in l1 that l2 has not, and none for longer: ${isShared ? 'one l1' : 'each an l1'}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          steps,
          fc.boolean(),
          fc.option(fc.nat(15), { nil: undefined }),
          (scheduler, taken, isChunked, closes) => play(scheduler, taken, { isShared, isChunked, closes }),
        ),
        { numRuns: 800 },
      );
    });
  }
});

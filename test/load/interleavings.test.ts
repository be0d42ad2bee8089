import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Cache, type LoadContext, type LoadOptions, LocMemCache } from 'locmem';
import { unsealCopy } from '#dist/core/snapshot.js';
import { ManualClock } from '../conformance/manual-clock.js';
import { MemoryProcess, MemoryServer, MemoryServerCache } from './memory-server.js';

interface Answer {
  revision: number;
}

/** How a call loads: in what it allows, and in what its factory does. */
interface Ask {
  call: 'ask';
  allows: LoadOptions;
  does: 'makes' | 'fails' | 'says unchanged';
}

type Step = Ask | { call: 'wrap' } | { call: 'change'; by: Change } | { call: 'expire' };
type Change = 'delete' | 'clear' | 'deleteTag' | 'set' | 'set, expired at once';

const TTL = 1000;
const TERMS: LoadOptions[] = [
  {},
  { staleWhileRevalidate: 10 * TTL },
  { staleIfError: 10 * TTL },
  { staleWhileRevalidate: 2 * TTL, staleIfError: 10 * TTL },
];

/** @param changes the ways in which the source changes and the cache is told. */
function steps(changes: Change[], max: number): fc.Arbitrary<Step[]> {
  const ask: fc.Arbitrary<Ask> = fc.record({
    call: fc.constant('ask' as const),
    allows: fc.constantFrom(...TERMS),
    does: fc.constantFrom('makes', 'makes', 'fails', 'says unchanged'),
  });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: ask },
    { weight: 1, arbitrary: fc.record({ call: fc.constant('wrap' as const) }) },
    { weight: 3, arbitrary: fc.record({ call: fc.constant('change' as const), by: fc.constantFrom(...changes) }) },
    { weight: 3, arbitrary: fc.record({ call: fc.constant('expire' as const) }) },
  );
  return fc.array(step, { minLength: 2, maxLength: max });
}

/** What a cache is a view of. A change of it is told to the cache, so that nothing of before may be answered after it. */
class Source {
  revision = 0;
  readonly #scheduler: fc.Scheduler;
  readonly #running = new Map<number, number>();
  readonly #runsAlone: boolean;

  constructor(scheduler: fc.Scheduler, runsAlone: boolean) {
    this.#scheduler = scheduler;
    this.#runsAlone = runsAlone;
  }

  async load(does: Ask['does'], context?: LoadContext): Promise<Answer> {
    const began = this.revision;
    this.#running.set(began, (this.#running.get(began) ?? 0) + 1);
    if (this.#runsAlone) assert.equal(this.#running.get(began), 1, 'a second run beside the first one');
    await this.#scheduler.schedule(Promise.resolve(), 'the factory');
    this.#running.set(began, this.#running.get(began)! - 1);
    if (does === 'fails') throw new RangeError('the source is down');
    const stale = context?.stale as Answer | undefined;
    return does === 'says unchanged' && stale?.revision === began ? context!.unchanged : { revision: began };
  }
}

/** Calls that are answered by what the source was when they were made, or has become since. */
class Callers {
  readonly #source: Source;
  /** The revision of which every cache has been told. */
  told = 0;
  readonly #asked: Promise<void>[] = [];

  constructor(source: Source) {
    this.#source = source;
  }

  ask(cache: Cache, { allows, does }: Pick<Ask, 'allows' | 'does'>): void {
    const options = { ttl: TTL, tags: ['t'], ...allows };
    this.#expect(cache.getOrSet<Answer>('k', (context) => this.#source.load(does, context), options));
  }

  askWrapped(cache: Cache): void {
    this.#expect(cache.wrap(() => this.#source.load('makes'), { key: 'k', ttl: TTL, tags: ['t'] })());
  }

  async answered(): Promise<void> {
    await Promise.all(this.#asked);
  }

  #expect(answer: Promise<Answer>): void {
    const asked = this.told;
    const checked = answer.then(
      ({ revision }) => assert.ok(revision >= asked, `asked at revision ${asked}, answered ${revision}`),
      (error) => {
        if (!(error instanceof RangeError)) throw error;
      },
    );
    this.#asked.push(checked);
  }
}

/** Runs the steps one after the other, with whatever the scheduler puts in between. */
async function play(scheduler: fc.Scheduler, all: Step[], one: (step: Step) => Promise<void> | void): Promise<void> {
  const sequence = scheduler.scheduleSequence(
    all.map((step) => ({ label: step.call, builder: async () => one(step) })),
  );
  await scheduler.waitFor(sequence.task);
  assert.equal((await sequence.task).faulty, false, 'a step failed');
}

describe('getOrSet among other calls, in any interleaving', () => {
  const CHANGES: Change[] = ['delete', 'clear', 'deleteTag', 'set', 'set, expired at once'];

  it('in process: never answers or stores what was before a change, and never runs twice at a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), steps(CHANGES, 16), async (scheduler, all) => {
        const clock = new ManualClock();
        const cache = new LocMemCache({ clock });
        const source = new Source(scheduler, true);
        const callers = new Callers(source);

        const changes: Record<Change, () => void> = {
          delete: () => cache.deleteSync('k'),
          clear: () => cache.clearSync(),
          deleteTag: () => cache.deleteTagSync('t'),
          set: () => cache.setSync('k', { revision: source.revision }, { ttl: TTL, tags: ['t'] }),
          'set, expired at once': () => cache.setSync('k', 'gone', 0),
        };

        function assertNotStale(): void {
          const held = cache.getSync<Answer>('k');
          if (held !== undefined) assert.equal(held.revision, source.revision, 'what is stored is out of date');
        }

        await play(scheduler, all, (step) => {
          if (step.call === 'ask') callers.ask(cache, step);
          else if (step.call === 'wrap') callers.askWrapped(cache);
          else if (step.call === 'expire') clock.advance(TTL);
          else {
            callers.told = ++source.revision;
            changes[step.by]();
          }
          assertNotStale();
        });
        await scheduler.waitFor(callers.answered());
        await scheduler.waitIdle();
        assertNotStale();
        cache.closeSync();
      }),
      { numRuns: 600 },
    );
  });

  it('on a server: never answers or stores what was before a change that is over', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), steps(['delete', 'clear', 'deleteTag'], 12), async (scheduler, all) => {
        const server = new MemoryServer();
        let last: Promise<unknown> = Promise.resolve();
        // One after the other, as over one connection, and each whenever the scheduler likes.
        server.ask = (_call, answer) => {
          const done = last.then(() => scheduler.schedule(Promise.resolve(), 'the server')).then(answer);
          last = done.catch(() => {});
          return done;
        };
        const process = new MemoryProcess();
        const caches = [1, 2].map(() => new MemoryServerCache(server, {}, process));
        const source = new Source(scheduler, false);
        const callers = new Callers(source);
        const changing: Promise<void>[] = [];

        async function change(cache: Cache, by: Change): Promise<void> {
          const revision = ++source.revision;
          await (by === 'delete' ? cache.delete('k') : by === 'clear' ? cache.clear() : cache.deleteTag('t'));
          callers.told = Math.max(callers.told, revision);
        }

        await play(scheduler, all, (step) => {
          const cache = caches[all.indexOf(step) % 2]!;
          if (step.call === 'ask') callers.ask(cache, step);
          else if (step.call === 'wrap') callers.askWrapped(cache);
          else if (step.call === 'expire') server.clock.advance(TTL);
          else changing.push(change(cache, step.by));
        });
        await scheduler.waitFor(Promise.all([callers.answered(), ...changing]));
        await scheduler.waitIdle();
        const row = server.recall(':1:k');
        if (row !== undefined) {
          assert.ok((unsealCopy(row.sealed) as Answer).revision >= callers.told, 'what is stored is out of date');
        }
        assert.equal(server.leases.size, 0, 'a lease is left');
      }),
      { numRuns: 400 },
    );
  });
});

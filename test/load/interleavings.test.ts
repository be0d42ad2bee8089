import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LocMemCache } from 'locmem';

interface Answer {
  revision: number;
}

type Step =
  | { call: 'getOrSet'; fails: boolean }
  | { call: 'wrap' }
  | { call: 'change and delete' }
  | { call: 'change and set' }
  | { call: 'change and clear' }
  | { call: 'change and expire' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ call: fc.constant('getOrSet' as const), fails: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('wrap' as const) }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('change and delete' as const) }) },
  fc.record({ call: fc.constant('change and set' as const) }),
  fc.record({ call: fc.constant('change and clear' as const) }),
  fc.record({ call: fc.constant('change and expire' as const) }),
);

describe('getOrSet among other calls, in any interleaving', () => {
  it('never stores what was read before a change, and never runs twice between two changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 2, maxLength: 14 }), async (scheduler, steps) => {
        const cache = new LocMemCache();
        // What the cache is a view of: it changes, and with it, in the same moment, what the cache holds.
        let revision = 0;
        const running = new Map<number, number>();

        async function load(fails: boolean): Promise<Answer> {
          const began = revision;
          running.set(began, (running.get(began) ?? 0) + 1);
          assert.equal(running.get(began), 1, 'a second run beside the first one');
          await scheduler.schedule(Promise.resolve(), 'the factory');
          running.set(began, 0);
          if (fails) throw new RangeError('the source is down');
          return { revision: began };
        }
        const wrapped = cache.wrap(() => load(false), { key: 'k' });

        function change(write: () => void): void {
          revision++;
          write();
        }

        const writes = {
          'change and delete': () => change(() => cache.deleteSync('k')),
          'change and set': () => change(() => cache.setSync('k', { revision })),
          'change and clear': () => change(() => cache.clearSync()),
          'change and expire': () => change(() => cache.setSync('k', { revision }, 0)),
        };

        async function ask(answer: Promise<Answer>): Promise<void> {
          const asked = revision;
          try {
            const answered = (await answer).revision;
            assert.ok(answered >= asked, `asked at revision ${asked}, answered ${answered}`);
          } catch (error) {
            if (!(error instanceof RangeError)) throw error;
          }
        }

        function assertNotStale(): void {
          const held = cache.getSync<Answer>('k');
          if (held !== undefined) assert.equal(held.revision, revision, 'what is stored is out of date');
        }

        const asked: Promise<void>[] = [];
        const sequence = scheduler.scheduleSequence(
          steps.map((one) => ({
            label: one.call,
            builder: async () => {
              if (one.call === 'getOrSet') asked.push(ask(cache.getOrSet('k', () => load(one.fails))));
              else if (one.call === 'wrap') asked.push(ask(wrapped()));
              else writes[one.call]();
              assertNotStale();
            },
          })),
        );
        await scheduler.waitFor(sequence.task);
        assert.equal((await sequence.task).faulty, false, 'a step failed');
        await scheduler.waitFor(Promise.all(asked));
        assertNotStale();
        cache.closeSync();
      }),
      { numRuns: 300 },
    );
  });
});

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Cache } from 'locmem';
import { gatedRun } from './gate.js';
import { vandalize } from './reach.js';
import { type Scene, type Subject, spec } from './subject.js';
import { timesOf } from './times.js';

/** In how many turns of the event loop a run's value is stored for sure, where nothing but turns is waited for. */
const MOMENTS = 12;

/** What else may happen to a key while its factory runs: each wins over the run. */
const WRITES: Record<string, { write: (cache: Cache) => Promise<unknown>; leaves: unknown }> = {
  set: { write: (cache) => cache.set('k', 'written'), leaves: 'written' },
  setMany: { write: (cache) => cache.setMany({ k: 'written' }), leaves: 'written' },
  add: { write: (cache) => cache.add('k', 'written'), leaves: 'written' },
  'getOrSet of a value': { write: (cache) => cache.getOrSet('k', 'written'), leaves: 'written' },
  delete: { write: (cache) => cache.delete('k'), leaves: undefined },
  deleteMany: { write: (cache) => cache.deleteMany(['other', 'k']), leaves: undefined },
  clear: { write: (cache) => cache.clear(), leaves: undefined },
  'a set that is expired at once': { write: (cache) => cache.set('k', 'written', 0), leaves: undefined },
  'a move to it': {
    write: async (cache) => {
      await cache.set('k', 'written', { version: 5 });
      await cache.decrVersion('k', 4, { version: 5 });
    },
    leaves: 'written',
  },
};

/**
 * Resolves when what `cache` was asked about `key` before is answered, and what follows from the answers has begun: on a
 * server, who calls `getOrSet` joins a run, or begins one, only then.
 */
export async function answered(cache: Cache, key = 'k', version = 1): Promise<void> {
  // What was asked before is sent by then.
  await undefined;
  await cache.get(key, { version });
  await setImmediate();
}

/** One run of a factory at a time: what only the async face can show. */
export function singleFlight(subject: Subject): void {
  const { stores } = subject.capabilities;
  const { late, second } = timesOf(subject);

  /** Another cache that shares the runs of `cache`; where nothing is stored there is nothing to share. */
  const neighbour = async ({ cache, place }: Scene): Promise<Cache> => (stores ? place.open() : cache);

  describe('one run at a time', () => {
    spec(subject, 'concurrent callers share one run, and each has a value of his own', async (scene) => {
      const { cache } = scene;
      const other = await neighbour(scene);
      const run = gatedRun<object>();
      const waiting = [cache, cache, other].map((one) => one.getOrSet('k', run.factory));
      await Promise.all([answered(cache), answered(other)]);
      run.open({ list: [1] });
      const made = await Promise.all(waiting);
      assert.equal(run.count, 1);
      for (const value of made) {
        assert.deepStrictEqual(value, { list: [1] });
        if (subject.capabilities.values !== 'reference') vandalize(value);
      }
    });

    if (stores) {
      spec(subject, 'callers at once of what is there: each has a value of his own, and is counted', async (scene) => {
        const { cache } = scene;
        const value = { list: [1], deep: { date: new Date(5) }, set: new Set([1]) };
        await cache.set('k', value, { ttl: 60 * second });
        const before = await cache.stats();
        const [fails, swr] = [() => assert.fail('ran'), { staleWhileRevalidate: second }];
        const answers = await Promise.all(
          [undefined, undefined, swr, swr, undefined].map((o) => cache.getOrSet('k', fails, o)),
        );
        for (const answer of answers) {
          assert.deepStrictEqual(answer, value);
          if (subject.capabilities.values === 'copy') vandalize(answer);
        }
        if (subject.capabilities.counts === 'nothing') return;
        const after = await cache.stats();
        assert.deepStrictEqual([after.hits! - before.hits!, after.misses! - before.misses!], [5, 0]);
      });
    }

    spec(subject, 'who asks is answered, though the cache is closed at once', async ({ cache }) => {
      const waiting = [1, 2].map(() => cache.getOrSet('k', () => 'made'));
      const behind = cache.getOrSet('l', () => 'made', { staleWhileRevalidate: second });
      const many = cache.getOrSetMany(['m'], () => ({ m: 'made' }));
      await cache.close();
      assert.deepStrictEqual(await Promise.all([...waiting, behind]), ['made', 'made', 'made']);
      assert.deepStrictEqual(await many, new Map([['m', 'made']]));
    });

    spec(subject, 'different keys and versions run apart', async ({ cache }) => {
      const runs = [1, 2, 3, 4].map(() => gatedRun<string>());
      const waiting = [
        cache.getOrSet('a', runs[0]!.factory),
        cache.getOrSet('b', runs[1]!.factory),
        cache.getOrSet('a', runs[2]!.factory, { version: 2 }),
        cache.getOrSet('1:a', runs[3]!.factory),
      ];
      await Promise.all(runs.map((run) => run.begun));
      for (const [i, run] of runs.entries()) run.open(`run ${i}`);
      assert.deepStrictEqual(await Promise.all(waiting), ['run 0', 'run 1', 'run 2', 'run 3']);
    });

    spec(subject, 'caches with different prefixes run apart', async ({ cache, place }) => {
      const other = await place.open({ keyPrefix: 'p' });
      const [none, p] = [gatedRun<string>(), gatedRun<string>()];
      const waiting = [cache.getOrSet('k', none.factory), other.getOrSet('k', p.factory)];
      await Promise.all([none.begun, p.begun]);
      none.open('none');
      p.open('p');
      assert.deepStrictEqual(await Promise.all(waiting), ['none', 'p']);
    });

    spec(subject, 'caches with different key functions run apart', async ({ place }) => {
      const a = await place.open({ keyFunction: (key) => `a/${key}` });
      const b = await place.open({ keyFunction: (key) => `b/${key}` });
      const [ofA, ofB] = [gatedRun<string>(), gatedRun<string>()];
      const waiting = [a.getOrSet('k', ofA.factory), b.getOrSet('k', ofB.factory)];
      await Promise.all([ofA.begun, ofB.begun]);
      ofA.open('a');
      ofB.open('b');
      assert.deepStrictEqual(await Promise.all(waiting), ['a', 'b']);
    });

    spec(subject, 'a failure rejects all who wait, and the next caller starts anew', async ({ cache }) => {
      const run = gatedRun<string>();
      const waiting = [1, 2, 3].map(() => cache.getOrSet('k', run.factory));
      await Promise.all([run.begun, answered(cache)]);
      const failure = new RangeError('no');
      run.fail(failure);
      for (const { status, ...rest } of await Promise.allSettled(waiting)) {
        assert.equal(status, 'rejected');
        assert.equal((rest as { reason: unknown }).reason, failure);
      }
      assert.equal(await cache.has('k'), false);
      assert.equal(await cache.getOrSet('k', () => 'anew'), 'anew');
    });

    spec(subject, 'undefined is handed to all who wait', async ({ cache }) => {
      const run = gatedRun<undefined>();
      const waiting = [1, 2].map(() => cache.getOrSet('k', run.factory));
      await answered(cache);
      run.open(undefined);
      assert.deepStrictEqual(await Promise.all(waiting), [undefined, undefined]);
      assert.equal(await cache.has('k'), false);
    });

    spec(subject, 'an uncacheable value rejects all who wait, and stores nothing', async ({ cache }) => {
      const run = gatedRun<unknown>();
      const waiting = [1, 2].map(() => cache.getOrSet('k', run.factory));
      await answered(cache);
      run.open(() => 'a function');
      await Promise.all(waiting.map((one) => assert.rejects(one, { code: 'ERR_LOCMEM_UNCACHEABLE_VALUE' })));
      assert.equal(run.count, 1);
      assert.equal(await cache.has('k'), false);
    });

    for (const [name, { write, leaves }] of Object.entries(WRITES)) {
      if (!stores && name === 'a move to it') continue;
      spec(subject, `${name} during the run wins, and later callers start anew`, async (scene) => {
        const { cache } = scene;
        const other = await neighbour(scene);
        const run = gatedRun<string>();
        const early = [cache.getOrSet('k', run.factory)];
        await run.begun;
        early.push(other.getOrSet('k', () => 'not run'));
        await answered(other);
        await write(other);
        let late: Promise<string> | undefined;
        if (leaves === undefined || !stores) {
          late = cache.getOrSet('k', () => 'late');
          assert.equal(await late, 'late');
        }
        run.open('early');
        assert.deepStrictEqual(await Promise.all(early), ['early', 'early']);
        if (!stores) return;
        assert.equal(await cache.get('k'), leaves ?? 'late');
      });
    }

    spec(subject, 'a delete with nobody after it leaves nothing', async ({ cache }) => {
      const run = gatedRun<string>();
      const waiting = cache.getOrSet('k', run.factory);
      await run.begun;
      assert.equal(await cache.delete('k'), false);
      run.open('stale');
      assert.equal(await waiting, 'stale');
      assert.equal(await cache.has('k'), false);
    });

    spec(
      subject,
      'a delete at whatever moment of the run wins, also while its value is being stored',
      async (scene) => {
        const { cache } = scene;
        const other = await neighbour(scene);
        for (const [runs, writes] of [
          [cache, other],
          [other, cache],
        ] as const) {
          for (let moment = 0; moment < MOMENTS; moment++) {
            const run = gatedRun<string>();
            const waiting = runs.getOrSet('k', run.factory);
            await run.begun;
            run.open('made');
            for (let i = 0; i < moment; i++) await setImmediate();
            await writes.delete('k');
            assert.equal(await waiting, 'made');
            assert.equal(await cache.has('k'), false, `moment ${moment}`);
          }
        }
      },
    );

    spec(subject, 'writes of other keys, versions and prefixes leave the run alone', async ({ cache, place }) => {
      const p = await place.open({ keyPrefix: 'p' });
      const run = gatedRun<string>();
      const waiting = cache.getOrSet('k', run.factory);
      await run.begun;
      await cache.set('other', 1);
      await cache.delete('k', { version: 2 });
      await p.delete('k');
      await p.clear();
      assert.equal(await cache.has('k'), false);
      run.open('made');
      assert.equal(await waiting, 'made');
      if (stores) assert.equal(await cache.get('k'), 'made');
    });

    spec(subject, 'an older run does not overwrite what a newer one made', async ({ cache }) => {
      const [older, newer] = [gatedRun<string>(), gatedRun<string>()];
      const first = cache.getOrSet('k', older.factory);
      await older.begun;
      await cache.delete('k');
      const next = cache.getOrSet('k', newer.factory);
      await newer.begun;
      const joining = cache.getOrSet('k', () => 'joins the newer');
      await answered(cache);
      older.open('older');
      assert.equal(await first, 'older');
      assert.equal(await cache.has('k'), false);
      newer.open('newer');
      assert.deepStrictEqual([await next, await joining], ['newer', 'newer']);
      if (stores) assert.equal(await cache.get('k'), 'newer');
    });

    spec(subject, 'closing during the run: who waits gets the value', async ({ cache }) => {
      const run = gatedRun<string>();
      const waiting = [cache.getOrSet('k', run.factory)];
      await run.begun;
      waiting.push(cache.getOrSet('k', () => 'not run'));
      await answered(cache);
      await cache.close();
      run.open('made');
      assert.deepStrictEqual(await Promise.all(waiting), ['made', 'made']);
    });

    if (stores) {
      spec(subject, 'closing one of two caches during its run: the value is stored for the other', async (scene) => {
        const { cache, place } = scene;
        const other = await place.open();
        const run = gatedRun<string>();
        const waiting = [cache.getOrSet('k', run.factory, { ttl: second, version: 3 })];
        await run.begun;
        waiting.push(other.getOrSet('k', () => 'not run', { version: 3 }));
        await answered(other, 'k', 3);
        await cache.close();
        run.open('made');
        assert.deepStrictEqual(await Promise.all(waiting), ['made', 'made']);
        assert.equal(await other.get('k', { version: 3 }), 'made');
        await place.advance(second + late);
        assert.equal(await other.has('k', { version: 3 }), false);
      });

      spec(subject, 'a write after the close of who runs wins over the run, too', async ({ cache, place }) => {
        const other = await place.open();
        const run = gatedRun<string>();
        const waiting = cache.getOrSet('k', run.factory);
        await run.begun;
        await cache.close();
        await other.delete('k');
        run.open('made');
        assert.equal(await waiting, 'made');
        assert.equal(await other.has('k'), false);
      });

      spec(subject, 'closing all caches during a run: nothing is stored for who comes later', async (scene) => {
        const { cache, place } = scene;
        const other = await place.open({ keyPrefix: 'p' });
        const [run, ofOther] = [gatedRun<string>(), gatedRun<string>()];
        const waiting = [cache.getOrSet('k', run.factory), other.getOrSet('k', ofOther.factory)];
        await Promise.all([run.begun, ofOther.begun]);
        await cache.close();
        await other.close();
        const later = await place.open();
        run.open('made');
        ofOther.open('made');
        assert.deepStrictEqual(await Promise.all(waiting), ['made', 'made']);
        assert.equal(await later.has('k'), false);
      });
    }

    spec(subject, 'a wrapped function shares runs, too', async ({ cache }) => {
      const run = gatedRun<number>();
      const load = cache.wrap(async (id: number) => (await run.factory()) + id, { key: (id) => `k${id}` });
      const waiting = [load(1), load(1), load(2)];
      await Promise.all([answered(cache, 'k1'), answered(cache, 'k2')]);
      run.open(10);
      assert.deepStrictEqual(await Promise.all(waiting), [11, 11, 12]);
      assert.equal(run.count, 2);
    });
  });
}

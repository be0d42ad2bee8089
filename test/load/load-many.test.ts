import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Cache, LocMemCache } from 'locmem';
import { gatedRun } from '../conformance/gate.js';
import { MemoryServer, MemoryServerCache } from './memory-server.js';

describe('getOrSetMany on a server', () => {
  it('asks once for all, and writes once what was missing', async () => {
    const server = new MemoryServer();
    const cache = new MemoryServerCache(server);
    await cache.set('b', 2);
    server.calls.length = 0;
    await cache.getOrSetMany(['a', 'b', 'c'], () => ({ a: 1, c: 3 }));
    assert.deepStrictEqual(server.calls, ['readMany', 'writeMany']);
    await cache.getOrSetMany(['a', 'b', 'c'], () => assert.fail('the loader ran'));
    assert.deepStrictEqual(server.calls, ['readMany', 'writeMany', 'readMany']);
    const { hits, misses, sets } = await cache.stats();
    assert.deepStrictEqual({ hits, misses, sets }, { hits: 4, misses: 2, sets: 3 });
  });

  it('writes once for each ttl', async () => {
    const server = new MemoryServer();
    const cache = new MemoryServerCache(server);
    const load = () => ({ a: 1, b: null, c: 3, d: null });
    await cache.getOrSetMany<number | null>(['a', 'b', 'c', 'd'], load, { ttl: 1000, negativeTtl: 10 });
    assert.deepStrictEqual(server.calls, ['readMany', 'writeMany', 'writeMany']);
    server.clock.advance(10);
    assert.deepStrictEqual([...(await cache.getMany(['a', 'b', 'c', 'd'])).keys()], ['a', 'c']);
  });

  it('writes nothing where the loader found nothing, or everything was overruled', async () => {
    const server = new MemoryServer();
    const cache = new MemoryServerCache(server);
    await cache.getOrSetMany(['a'], () => ({}));
    const run = gatedRun<Record<string, number>>();
    const waiting = cache.getOrSetMany(['a', 'b'], run.factory);
    await run.begun;
    await cache.deleteMany(['a', 'b']);
    run.open({ a: 1, b: 2 });
    await waiting;
    assert.ok(!server.calls.includes('writeMany'), server.calls.join());
  });

  it('what the server refuses is handed out all the same, and so is all of it when the server is gone', async () => {
    for (const closes of [false, true]) {
      const server = new MemoryServer();
      const [cache, other] = [new MemoryServerCache(server), new MemoryServerCache(server)];
      server.refused.add(':1:a');
      const run = gatedRun<Record<string, number>>();
      const waiting = cache.getOrSetMany(['a', 'b'], run.factory);
      await run.begun;
      if (closes) await cache.close();
      run.open({ a: 1, b: 2 });
      assert.equal((await waiting).size, 2);
      assert.deepStrictEqual([...(await other.getMany(['a', 'b'])).keys()], ['b']);

      const late = gatedRun<Record<string, number>>();
      const last = other.getOrSetMany(['c', 'd'], late.factory);
      await late.begun;
      server.isDown = true;
      if (closes) await other.close();
      late.open({ c: 3, d: 4 });
      assert.equal((await last).size, 2);
    }
  });

  it('a server that is down rejects, or with failOpen loads', async () => {
    const server = new MemoryServer();
    server.isDown = true;
    const load = () => ({ a: 1 });
    await assert.rejects(new MemoryServerCache(server).getOrSetMany(['a'], load), { name: 'CacheUnavailableError' });
    const open = new MemoryServerCache(server, { failOpen: true });
    assert.deepStrictEqual([...(await open.getOrSetMany(['a'], load))], [['a', 1]]);
    assert.equal((await open.stats()).errors, 2);
  });
});

describe('getOrSetMany beside a key function that makes one name of two keys', () => {
  it('loads it once', async () => {
    for (const cache of [
      new LocMemCache({ keyFunction: (key) => key.toLowerCase() }),
      new MemoryServerCache(new MemoryServer(), { keyFunction: (key) => key.toLowerCase() }),
    ]) {
      const asked: string[][] = [];
      const load = (missing: string[]) => {
        asked.push(missing);
        return { a: 1 };
      };
      assert.deepStrictEqual(
        [...(await cache.getOrSetMany(['a', 'A'], load))],
        [
          ['a', 1],
          ['A', 1],
        ],
      );
      assert.deepStrictEqual(asked, [['a']]);
      await cache.close();
    }
  });
});

const KEYS = ['a', 'b', 'c'];
const someKeys = fc.subarray(KEYS, { minLength: 1 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ call: fc.constant('many' as const), keys: someKeys, fails: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('one' as const), keys: someKeys, fails: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ call: fc.constant('change' as const), keys: someKeys, fails: fc.boolean() }) },
);

describe('getOrSetMany among other calls, in any interleaving', () => {
  for (const [where, make] of Object.entries({
    'in process': () => new LocMemCache(),
    'on a server': () => new MemoryServerCache(),
  } as Record<string, () => Cache>)) {
    it(`${where}: answers no key with what was before the question, and loads none twice at a time`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), fc.array(step, { minLength: 2, maxLength: 12 }), async (scheduler, steps) => {
          const cache = make();
          // What the cache is a view of, and which of its states are being loaded.
          const revisions = new Map(KEYS.map((key) => [key, 0]));
          const loading = new Set<string>();

          function change(keys: readonly string[]): void {
            for (const key of keys) revisions.set(key, revisions.get(key)! + 1);
          }

          // One that is overruled while it waits for its lease begins late, beside the run that counts.
          const mayBeLate = where === 'on a server';

          async function load(keys: readonly string[], fails: boolean, isLate = false): Promise<Map<string, number>> {
            const states = keys.map((key) => `${key} ${revisions.get(key)}${isLate ? ' late' : ''}`);
            for (const state of states) assert.ok(isLate || !loading.has(state), `${state} is loaded twice`);
            const loaded = new Map(keys.map((key) => [key, revisions.get(key)!]));
            for (const state of states) loading.add(state);
            await scheduler.schedule(Promise.resolve(), 'the loader');
            for (const state of states) loading.delete(state);
            if (fails) throw new RangeError('the source is down');
            return loaded;
          }

          async function ask(keys: readonly string[], answer: Promise<ReadonlyMap<string, number>>): Promise<void> {
            const before = new Map(revisions);
            try {
              const found = await answer;
              assert.deepStrictEqual([...found.keys()], keys);
              for (const [key, revision] of found) assert.ok(revision >= before.get(key)!, `${key} is out of date`);
            } catch (error) {
              if (!(error instanceof RangeError)) throw error;
            }
          }

          const asked: Promise<void>[] = [];
          const sequence = scheduler.scheduleSequence(
            steps.map(({ call, keys, fails }) => async () => {
              const one = keys[0]!;
              if (call === 'many')
                asked.push(
                  ask(
                    keys,
                    cache.getOrSetMany(keys, (missing) => load(missing, fails)),
                  ),
                );
              else if (call === 'one') {
                const answer = cache.getOrSet(one, () =>
                  load([one], fails, mayBeLate).then((loaded) => loaded.get(one)!),
                );
                asked.push(
                  ask(
                    [one],
                    answer.then((revision) => new Map([[one, revision]])),
                  ),
                );
              } else {
                change(keys);
                await cache.deleteMany(keys);
                // What was begun while the server was asked may have been too early, and is overruled, too.
                if (where === 'on a server') change(keys);
              }
            }),
          );
          await scheduler.waitFor(sequence.task);
          assert.equal((await sequence.task).faulty, false, 'a step failed');
          await scheduler.waitFor(Promise.all(asked));
          for (const [key, revision] of await cache.getMany<number>(KEYS)) assert.equal(revision, revisions.get(key));
          await cache.close();
        }),
        { numRuns: 200 },
      );
    });
  }
});

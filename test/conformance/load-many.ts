import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Cache, LoadContext, LoadMissing } from 'locmem';
import { gate, gatedRun } from './gate.js';
import { vandalize } from './reach.js';
import { answered } from './single-flight.js';
import { type Subject, spec, tagSpec } from './subject.js';
import { timesOf } from './times.js';

class Failure extends Error {}

const ARGUMENT_ERROR = { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' };

/** A loader that makes of each key what stands after its colon, and remembers what it was asked for. */
function counted() {
  const asked: string[][] = [];
  const load = (missing: string[]) => {
    asked.push(missing);
    return new Map(missing.map((key) => [key, Number(key.slice(2))]));
  };
  return { asked, load };
}

export function loadMany(subject: Subject): void {
  describe('getOrSetMany', () => {
    answers(subject);
    refusals(subject);
    if (subject.capabilities.stores) storing(subject);
    if (subject.capabilities.keepsExtras) extras(subject);
    if (subject.face === 'sync') return;
    sharing(subject);
    waiting(subject);
  });
}

function answers(subject: Subject): void {
  spec(subject, 'one call of the loader for all that is missing; a Map in the order asked', async ({ cache }) => {
    const { asked, load } = counted();
    const found = await cache.getOrSetMany(new Set(['n:3', 'n:1', 'n:2']), load);
    assert.ok(found instanceof Map);
    assert.deepStrictEqual(
      [...found],
      [
        ['n:3', 3],
        ['n:1', 1],
        ['n:2', 2],
      ],
    );
    assert.deepStrictEqual(asked, [['n:3', 'n:1', 'n:2']]);
  });

  spec(subject, 'the loader may return an object, a Map, or anything that yields pairs', async ({ cache }) => {
    function* yielded(): Iterable<readonly [string, number]> {
      yield ['b', 2];
      yield ['a', 1];
    }
    const returned = [
      { a: 1, b: 2 },
      new Map(Object.entries({ b: 2, a: 1 })),
      Object.entries({ a: 1, b: 2 }),
      yielded(),
    ];
    for (const [i, made] of returned.entries()) {
      const found = await cache.getOrSetMany(['a', 'b'], () => made, { version: i });
      assert.deepStrictEqual([...found.values()], [1, 2]);
      if (subject.face === 'sync') continue;
      const later = await cache.getOrSetMany(['a'], async () => ({ a: i }), { version: 10 + i });
      assert.deepStrictEqual([...later], [['a', i]]);
    }
  });

  spec(subject, 'what is left out, or undefined, is not in the answer; null is a value', async ({ cache }) => {
    const load = () => ({ a: 1, b: undefined, d: null });
    const found = await cache.getOrSetMany<number | null>(['a', 'b', 'c', 'd'], load);
    assert.deepStrictEqual(
      [...found],
      [
        ['a', 1],
        ['d', null],
      ],
    );
    assert.equal(await cache.has('b'), false);
    assert.equal(await cache.has('c'), false);
  });

  spec(subject, 'no keys, no call', async ({ cache }) => {
    assert.equal((await cache.getOrSetMany([], () => assert.fail('the loader ran'))).size, 0);
  });

  spec(subject, 'a key named twice is one key', async ({ cache }) => {
    const { asked, load } = counted();
    assert.equal((await cache.getOrSetMany(['n:1', 'n:2', 'n:1'], load)).size, 2);
    assert.deepStrictEqual(asked, [['n:1', 'n:2']]);
  });

  spec(subject, 'a loader that fails gives its error, stores nothing, and may be tried again', async ({ cache }) => {
    const failure = new Failure('no');
    const failing = () => {
      throw failure;
    };
    await assert.rejects(cache.getOrSetMany(['a', 'b'], failing), failure);
    assert.deepStrictEqual(
      [...(await cache.getOrSetMany(['a', 'b'], () => ({ a: 1, b: 2 })))],
      [
        ['a', 1],
        ['b', 2],
      ],
    );
  });

  spec(subject, 'a loader that asks for one of its keys is a RecursiveLoadError', async ({ cache }) => {
    if (subject.face === 'sync') return;
    const recursive = { code: 'ERR_LOCMEM_RECURSIVE_LOAD' };
    const ask: LoadMissing<unknown> = async () => [['b', await cache.getOrSet('b', () => 1)]];
    await assert.rejects(cache.getOrSetMany(['a', 'b'], ask), recursive);
    const askMany: LoadMissing<unknown> = () => cache.getOrSetMany(['c', 'b'], () => ({}));
    await assert.rejects(cache.getOrSetMany(['a', 'b'], askMany), recursive);
    const other: LoadMissing<unknown> = async () => ({ a: await cache.getOrSet('c', () => 1) });
    assert.equal((await cache.getOrSetMany(['a', 'b'], other)).get('a'), 1);
  });
}

function refusals(subject: Subject): void {
  spec(subject, 'a wrong argument is a TypeError, and no loader runs', async ({ cache }) => {
    const notRun = () => assert.fail('the loader ran');
    const wrong = (value: unknown) => value as never;
    for (const [call, shows] of [
      [() => cache.getOrSetMany(wrong('keys'), notRun), /iterable of keys.*'keys'/],
      [() => cache.getOrSetMany(['a', wrong(5)], notRun), /\b5\b/],
      [() => cache.getOrSetMany(['a', ''], notRun), /empty/],
      [() => cache.getOrSetMany(['a'], wrong({ a: 1 })), /function that loads.*a: 1/],
      [() => cache.getOrSetMany(['a'], notRun, { version: 1.5 }), /1\.5/],
      [() => cache.getOrSetMany(['a'], notRun, wrong('soon')), /'soon'/],
      [() => cache.getOrSetMany(['a'], notRun, wrong({ jiter: 1 })), /'jiter'.*Did you mean 'jitter'/],
      [() => cache.getOrSetMany(['a'], notRun, { jitter: -1 }), /jitter.*-1/],
    ] as [() => Promise<unknown>, RegExp][]) {
      await assert.rejects(call(), { ...ARGUMENT_ERROR, message: shows });
    }
  });

  spec(subject, 'what the loader returns is looked at before any of it is stored', async ({ cache }) => {
    for (const [returned, shows] of [
      [undefined, /returns an object, a Map or an iterable.*undefined/],
      [[1, 2], /returns pairs.*\b1\b/],
      [new Date(0), /returns a plain object/],
      [{ a: 1, c: 3 }, /returned 'c', which it was not asked for/],
      [[[1, 1]], /returned 1, which it was not asked for/],
    ] as [never, RegExp][]) {
      await assert.rejects(
        cache.getOrSetMany(['a', 'b'], () => returned),
        { ...ARGUMENT_ERROR, message: shows },
      );
    }
    const uncacheable = () => ({ a: 1, b: () => 1 });
    await assert.rejects(cache.getOrSetMany<unknown>(['a', 'b'], uncacheable), { name: 'UncacheableValueError' });
    assert.equal((await cache.getMany(['a', 'b'])).size, 0);
  });
}

function storing(subject: Subject): void {
  const { late, second } = timesOf(subject);

  spec(subject, 'what is there is not loaded; what was loaded is there', async ({ cache }) => {
    const { asked, load } = counted();
    await cache.setMany({ 'n:1': 'one', 'n:3': null });
    const found = await cache.getOrSetMany<unknown>(['n:0', 'n:1', 'n:2', 'n:3'], load);
    assert.deepStrictEqual(
      [...found],
      [
        ['n:0', 0],
        ['n:1', 'one'],
        ['n:2', 2],
        ['n:3', null],
      ],
    );
    assert.deepStrictEqual(asked, [['n:0', 'n:2']]);
    const again = await cache.getOrSetMany(['n:2', 'n:1'], () => assert.fail('the loader ran'));
    assert.deepStrictEqual([...again.keys()], ['n:2', 'n:1']);
    assert.equal(await cache.get('n:0'), 0);
  });

  spec(subject, 'each reader has values of his own', async ({ cache }) => {
    const load = () => ({ a: { list: [1] } });
    for (let i = 0; i < 2; i++) {
      const found = await cache.getOrSetMany(['a'], load);
      assert.deepStrictEqual(found.get('a'), { list: [1] });
      if (subject.capabilities.values !== 'reference') vandalize(found.get('a')!);
    }
    if (subject.capabilities.values !== 'reference') assert.deepStrictEqual(await cache.get('a'), { list: [1] });
  });

  spec(subject, 'ttl, negativeTtl and version are those of the call', async ({ cache, place }) => {
    const options = { ttl: 3 * second, negativeTtl: second, version: 2 };
    await cache.getOrSetMany<number | null>(['a', 'b'], () => ({ a: 1, b: null }), options);
    assert.equal((await cache.getMany(['a', 'b'])).size, 0);
    assert.equal((await cache.getMany(['a', 'b'], { version: 2 })).size, 2);
    await place.advance(second + late);
    assert.deepStrictEqual([...(await cache.getMany(['a', 'b'], { version: 2 })).keys()], ['a']);
    await place.advance(2 * second + late);
    assert.equal((await cache.getMany(['a', 'b'], { version: 2 })).size, 0);
  });

  spec(subject, 'entries with jitter have ends of their own', async ({ cache, place }) => {
    const keys = Array.from({ length: 64 }, (_, i) => `n:${i}`);
    await cache.getOrSetMany(keys, counted().load, { ttl: 2 * second, jitter: 2 * second });
    await place.advance(second);
    // Each has an even chance: that all fall alike happens once in 2 ** 63.
    const { size } = await cache.getMany(keys);
    assert.ok(size > 0 && size < 64, `${size} left`);
  });
}

function sharing(subject: Subject): void {
  const { stores } = subject.capabilities;

  spec(subject, 'a key that is being loaded is waited for, and not loaded again', async ({ cache }) => {
    const single = gatedRun<number>();
    const first = cache.getOrSet('n:1', single.factory);
    await single.begun;
    const batch = gate<Map<string, number>>();
    const { asked, load } = counted();
    const second = cache.getOrSetMany(['n:1', 'n:2', 'n:3'], (missing) => {
      load(missing);
      return batch.opened;
    });
    for (const key of ['n:1', 'n:2', 'n:3']) await answered(cache, key);
    const third = cache.getOrSetMany(['n:3', 'n:4'], load);
    const fourth = cache.getOrSet('n:2', () => assert.fail('the factory ran'));
    for (const key of ['n:2', 'n:3', 'n:4']) await answered(cache, key);
    assert.deepStrictEqual(asked, [['n:2', 'n:3'], ['n:4']]);
    batch.open(
      new Map([
        ['n:2', 20],
        ['n:3', 30],
      ]),
    );
    assert.equal(await fourth, 20);
    assert.deepStrictEqual([...(await third).values()], [30, 4]);
    single.open(10);
    assert.equal(await first, 10);
    assert.deepStrictEqual([...(await second).values()], [10, 20, 30]);
  });

  spec(subject, 'who joined a key that the loader leaves out has undefined', async ({ cache }) => {
    const run = gatedRun<Record<string, number>>();
    const batch = cache.getOrSetMany(['a', 'b'], run.factory);
    await run.begun;
    const single = cache.getOrSet<unknown>('b', () => assert.fail('the factory ran'));
    await answered(cache, 'b');
    run.open({ a: 1 });
    assert.equal(await single, undefined);
    assert.deepStrictEqual([...(await batch)], [['a', 1]]);
  });

  for (const [title, { write, leaves }] of Object.entries({
    set: { write: (cache) => cache.set('b', 'written'), leaves: 'written' },
    delete: { write: (cache) => cache.delete('b'), leaves: undefined },
  } as Record<string, { write: (cache: Cache) => Promise<unknown>; leaves: unknown }>)) {
    spec(subject, 'what makes no difference to many keys is refused', async ({ cache }) => {
      for (const options of [{ lockTimeout: 5 }, { staleTimeout: 5, staleIfError: 5 }]) {
        const asked = cache.getOrSetMany(['k'], () => ({ k: 1 }), options as never);
        await assert.rejects(asked, { name: 'TypeError', message: /(lock|stale)Timeout.*Known/ });
      }
      assert.equal(await cache.has('k'), false);
    });

    spec(subject, `a ${title} of one key during the run wins, for just that key`, async ({ cache }) => {
      const run = gatedRun<Record<string, string>>();
      const batch = cache.getOrSetMany(['a', 'b', 'c'], run.factory);
      await run.begun;
      await write(cache);
      run.open({ a: 'loaded', b: 'loaded', c: 'loaded' });
      assert.deepStrictEqual([...(await batch).values()], ['loaded', 'loaded', 'loaded']);
      if (!stores) return;
      assert.deepStrictEqual(
        [await cache.get('a'), await cache.get('b'), await cache.get('c')],
        ['loaded', leaves, 'loaded'],
      );
    });
  }

  spec(subject, 'a clear during the run wins for all of them', async ({ cache }) => {
    const run = gatedRun<Record<string, number>>();
    const batch = cache.getOrSetMany(['a', 'b'], run.factory);
    await run.begun;
    await cache.clear();
    run.open({ a: 1, b: 2 });
    assert.equal((await batch).size, 2);
    assert.equal((await cache.getMany(['a', 'b'])).size, 0);
  });

  spec(subject, 'closing during the run: who waits gets the values', async ({ cache }) => {
    const run = gatedRun<Record<string, number>>();
    const batch = cache.getOrSetMany(['a', 'b'], run.factory);
    await run.begun;
    await cache.close();
    run.open({ a: 1, b: 2 });
    assert.deepStrictEqual([...(await batch).values()], [1, 2]);
  });

  if (stores) {
    spec(subject, 'closing one of two caches during its run: the values are stored for the other', async (scene) => {
      const { cache, place } = scene;
      const other = await place.open();
      const run = gatedRun<Record<string, number>>();
      const batch = cache.getOrSetMany(['a', 'b'], run.factory);
      await run.begun;
      await cache.close();
      run.open({ a: 1, b: 2 });
      await batch;
      assert.equal((await other.getMany(['a', 'b'])).size, 2);
    });
  }
}

function extras(subject: Subject): void {
  const { late, second } = timesOf(subject);

  tagSpec(subject, 'what is loaded has the tags of the call', [':t', ':u', ':v'], async ({ cache }) => {
    await cache.getOrSetMany(['a', 'b'], () => ({ a: 1, b: 2 }), { tags: ['t', 'u'] });
    await cache.getOrSetMany(['c'], () => ({ c: 3 }), { tags: ['v'] });
    assert.equal((await cache.getMany(['a', 'b', 'c'])).size, 3);
    await cache.deleteTag('t');
    assert.deepStrictEqual([...(await cache.getMany(['a', 'b', 'c']))], [['c', 3]]);
  });

  tagSpec(
    subject,
    'the loader may choose ttl and tags, for all that it makes',
    [':t', ':u'],
    async ({ cache, place }) => {
      const choosing = (ttl: number, tags: string[]) => (missing: string[], context: LoadContext) => {
        context.ttl = ttl;
        context.tags = tags;
        return missing.map((key) => [key, 1] as const);
      };
      await cache.getOrSetMany(['a', 'b'], choosing(second, []), { ttl: 9 * second, tags: ['t'] });
      await cache.getOrSetMany(['c', 'd'], choosing(9 * second, ['u']), { ttl: second });
      await cache.deleteTag('t');
      assert.equal((await cache.getMany(['a', 'b', 'c', 'd'])).size, 4);
      await place.advance(second + late);
      assert.deepStrictEqual([...(await cache.getMany(['a', 'b', 'c', 'd'])).keys()], ['c', 'd']);
      await cache.deleteTag('u');
      assert.equal((await cache.getMany(['c', 'd'])).size, 0);
    },
  );

  spec(subject, 'there is nothing that could be unchanged: a TypeError', async ({ cache }) => {
    const load = (_: string[], { unchanged }: LoadContext) => [['a', 1] as const, ['b', unchanged] as const];
    await assert.rejects(cache.getOrSetMany<number>(['a', 'b'], load), {
      ...ARGUMENT_ERROR,
      message: /'b'.*unchanged/,
    });
    assert.equal(await cache.has('a'), false);
  });

  if (subject.face === 'sync') return;

  spec(subject, 'what is loaded may be served stale by other calls; to a batch it is missing', async (scene) => {
    const { cache, place } = scene;
    const notRun = () => assert.fail('the factory ran');
    const swr = { ttl: second, staleWhileRevalidate: 4 * second };
    await cache.getOrSetMany(['a', 'b'], () => ({ a: 1, b: 2 }), swr);
    await place.advance(second + late);
    const run = gatedRun<number>();
    assert.equal(await cache.getOrSet('a', run.factory, swr), 1);
    await run.begun;
    const asked: string[][] = [];
    const load = (missing: string[]) => {
      asked.push(missing);
      return { b: 20 };
    };
    const many = cache.getOrSetMany(['a', 'b'], load, swr);
    run.open(10);
    assert.deepStrictEqual(Object.fromEntries(await many), { a: 10, b: 20 });
    assert.deepStrictEqual(asked, [['b']]);
    assert.equal(await cache.getOrSet('b', notRun, swr), 20);
  });

  for (const [whose, options, chosen] of [
    ['of the call', { tags: ['t'] }, undefined],
    ['that the loader chooses afterwards', {}, ['t']],
  ] as const) {
    spec(subject, `a deleteTag during the run, of a tag ${whose}, wins`, async ({ cache }) => {
      const run = gatedRun<void>();
      const load = async (missing: string[], context: LoadContext) => {
        await run.factory();
        context.tags = chosen;
        return missing.map((key) => [key, 'made'] as const);
      };
      const waiting = cache.getOrSetMany(['a', 'b'], load, options);
      await run.begun;
      await cache.deleteTag('t');
      run.open();
      assert.equal((await waiting).get('b'), 'made');
      assert.equal((await cache.getMany(['a', 'b'])).size, 0);
    });
  }
}

function waiting(subject: Subject): void {
  spec(subject, 'a loader that takes too long is a LoadTimeoutError', async ({ cache }) => {
    const awake = setInterval(() => {}, 60_000);
    const run = gatedRun<Record<string, number>>();
    const waiting = cache.getOrSetMany(['a', 'b', 'c'], run.factory, { timeout: 1 });
    await assert.rejects(waiting, { name: 'LoadTimeoutError', message: /loader of 'a' and 2 more.*\b1 ms/ });
    clearInterval(awake);
    run.open({});
  });

  spec(
    subject,
    'a caller leaves by his signal; the loader is told when nobody waits for any key',
    async ({ cache }) => {
      const controllers = [new AbortController(), new AbortController()];
      const run = gatedRun<Record<string, number>>();
      let told: AbortSignal | undefined;
      const load: LoadMissing<number> = (_, { signal }) => {
        told = signal;
        return run.factory();
      };
      const batch = cache.getOrSetMany(['a', 'b', 'c'], load, { signal: controllers[0]!.signal });
      await run.begun;
      const single = cache.getOrSet('b', () => 0, { signal: controllers[1]!.signal });
      await answered(cache, 'b');
      controllers[0]!.abort('one left');
      await assert.rejects(batch, (error) => error === 'one left');
      assert.equal(told!.aborted, false);
      controllers[1]!.abort('two left');
      await assert.rejects(single, (error) => error === 'two left');
      assert.equal(told!.aborted, true);
      assert.equal(await cache.getOrSet('c', () => 3), 3);
      run.open({});
      const refused = cache.getOrSetMany(['a'], () => assert.fail('ran'), { signal: controllers[0]!.signal });
      await assert.rejects(refused, (error) => error === 'one left');
    },
  );
}

import assert from 'node:assert/strict';
import { describe, mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Cache, LoadContext, LoadOptions } from 'locmem';
import { gate, gatedRun } from './gate.js';
import { vandalize } from './reach.js';
import { type Scene, type Subject, spec } from './subject.js';
import { timesOf } from './times.js';
import { until } from './until.js';

const notRun = () => assert.fail('the factory ran');

/** Entries that are served past their ttl, by `getOrSet` alone. */
export function stale(subject: Subject): void {
  describe('stale entries', () => {
    whileRevalidating(subject);
    toOtherCalls(subject);
    ifError(subject);
    withinTimeout(subject);
    early(subject);
  });
}

/** Stores 'old' at 'k', and lets it expire. */
/** Stored without a run, and so without a lease that may still be on its way back when the next run wants it. */
async function age({ cache, place }: Scene, subject: Subject, options: LoadOptions): Promise<void> {
  const { late, second } = timesOf(subject);
  await cache.getOrSet('k', 'old', { ttl: second, ...options });
  await place.advance(second + late);
  assert.equal(await cache.get('k'), undefined);
}

function whileRevalidating(subject: Subject): void {
  const { late, second } = timesOf(subject);
  const swr = { ttl: second, staleWhileRevalidate: 4 * second };

  spec(subject, 'staleWhileRevalidate: served at once, while one run behind makes it anew', async (scene) => {
    const { cache, place } = scene;
    const other = await place.open();
    await age(scene, subject, swr);
    const run = gatedRun<string>();
    for (const one of [cache, cache, other]) assert.equal(await one.getOrSet('k', run.factory, swr), 'old');
    await run.begun;
    assert.equal(await other.getOrSet('k', notRun, swr), 'old');
    run.open('new');
    await until(async () => (await cache.get('k')) === 'new');
    assert.equal(run.count, 1);
    assert.equal(await other.getOrSet('k', notRun, swr), 'new');
    await place.advance(second + late);
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.getOrSet('k', () => 'newer', swr), 'new');
    await until(async () => (await cache.get('k')) === 'newer');
  });

  spec(subject, 'staleWhileRevalidate: while the entry lives no factory runs', async ({ cache, place }) => {
    await cache.getOrSet('k', () => 'old', { ...swr, ttl: 4 * second });
    await place.advance(second);
    assert.equal(await cache.getOrSet('k', notRun, swr), 'old');
  });

  spec(subject, 'staleWhileRevalidate: too stale, or never there, is waited for', async (scene) => {
    const { cache, place } = scene;
    await age(scene, subject, { ttl: second, staleWhileRevalidate: second });
    await place.advance(second + late);
    assert.equal(await cache.getOrSet('k', () => 'new', { ...swr, ttl: '1h' }), 'new');
    assert.equal(await cache.getOrSet('other', () => 'new', swr), 'new');
  });

  spec(subject, 'how stale is too stale is decided by who reads', async (scene) => {
    const { cache, place } = scene;
    await age(scene, subject, { ttl: second, staleWhileRevalidate: 20 * second });
    await place.advance(2 * second);
    const other = gate<string>();
    const patient = cache.getOrSet('k', () => other.opened, { staleWhileRevalidate: second });
    other.open('new');
    assert.equal(await patient, 'new');
    assert.equal(await cache.getOrSet('k', notRun), 'new');
  });

  spec(subject, 'a call that allows no stale value waits for the run behind', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, swr);
    const run = gatedRun<string>();
    assert.equal(await cache.getOrSet('k', run.factory, swr), 'old');
    await run.begun;
    const plain = cache.getOrSet('k', notRun);
    await cache.has('k');
    await turn();
    run.open('new');
    assert.equal(await plain, 'new');
  });

  spec(subject, 'a run behind that fails is nobody’s error, and the next call begins another', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, swr);
    for (let i = 0; i < 2; i++) {
      const run = gatedRun<string>();
      let hasBegun = false;
      void run.begun.then(() => {
        hasBegun = true;
      });
      // A run that has failed may be giving back its lease still: until then none begins.
      await until(async () => {
        assert.equal(await cache.getOrSet('k', run.factory, swr), 'old');
        return hasBegun;
      });
      run.fail(new RangeError('no'));
    }
    const throwing = () => {
      throw new RangeError('at once');
    };
    assert.equal(await cache.getOrSet('k', throwing, swr), 'old');
    await until(async () => (await cache.getOrSet('k', () => 'new', swr)) === 'new');
    assert.equal(await cache.get('k'), 'new');
  });

  spec(subject, 'a run behind that makes undefined ends what was stale', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, swr);
    assert.equal(await cache.getOrSet<unknown>('k', () => undefined, swr), 'old');
    await until(async () => (await cache.getOrSet('k', () => 'made', swr)) === 'made');
  });

  spec(subject, 'who leaves does not end the run behind', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, swr);
    const run = gatedRun<string>();
    const controller = new AbortController();
    assert.equal(await cache.getOrSet('k', run.factory, { ...swr, signal: controller.signal }), 'old');
    await run.begun;
    const joining = cache.getOrSet('k', notRun, { signal: controller.signal });
    await cache.has('k');
    await turn();
    controller.abort();
    await assert.rejects(joining, { name: 'AbortError' });
    run.open('new');
    await until(async () => (await cache.get('k')) === 'new');
  });

  if (subject.capabilities.values !== 'reference') {
    spec(subject, 'what is served stale is the reader’s own', async ({ cache, place }) => {
      await cache.getOrSet('k', { list: [1] }, swr);
      await place.advance(second + late);
      const run = gatedRun<object>();
      const served: unknown[] = [];
      const watch = (context: LoadContext) => {
        served.push(context.stale);
        return run.factory();
      };
      for (let i = 0; i < 2; i++) {
        const value = await cache.getOrSet<object>('k', watch, swr);
        assert.deepStrictEqual(value, { list: [1] });
        vandalize(value);
      }
      await run.begun;
      assert.deepStrictEqual(served, [{ list: [1] }]);
      run.open({ list: [2] });
    });
  }

  const during: Record<string, { write: (cache: Cache) => Promise<unknown>; leaves: unknown }> = {
    set: { write: (cache) => cache.set('k', 'written'), leaves: 'written' },
    add: { write: (cache) => cache.add('k', 'written'), leaves: 'written' },
    delete: { write: (cache) => cache.delete('k'), leaves: undefined },
    clear: { write: (cache) => cache.clear(), leaves: undefined },
    deleteTag: { write: (cache) => cache.deleteTag('t'), leaves: undefined },
  };
  for (const [name, { write, leaves }] of Object.entries(during)) {
    spec(subject, `${name} during the run behind wins, and nothing stale is left`, async (scene) => {
      const { cache } = scene;
      const options = { ...swr, tags: ['t'] };
      await age(scene, subject, options);
      const run = gatedRun<string>();
      assert.equal(await cache.getOrSet('k', run.factory, options), 'old');
      await run.begun;
      await write(cache);
      run.open('late');
      for (let moment = 0; moment < 12; moment++) await turn();
      assert.equal(await cache.get('k'), leaves);
      if (leaves === undefined) assert.equal(await cache.getOrSet('k', () => 'anew', options), 'anew');
    });
  }
}

function toOtherCalls(subject: Subject): void {
  const { late, second } = timesOf(subject);
  const swr = { ttl: second, staleWhileRevalidate: 20 * second };
  const isGone = async (cache: Cache, key = 'k') =>
    assert.equal(await cache.getOrSet(key, () => 'made', { ...swr, version: 1 }), 'made');

  spec(subject, 'a stale entry is missing to every other call', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, swr);
    assert.equal(await cache.has('k'), false);
    assert.equal((await cache.getMany(['k'])).size, 0);
    assert.equal(await cache.touch('k'), false);
    await assert.rejects(cache.incr('k'), { name: 'KeyNotFoundError' });
    await assert.rejects(cache.incrVersion('k'), { name: 'KeyNotFoundError' });
    if (subject.capabilities.counts === 'store') assert.equal((await cache.stats()).entries, 0);
    assert.equal(await cache.getOrSet('k', () => 'new', swr), 'old');
  });

  spec(subject, 'delete, and a set that is expired at once, end it', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, swr);
    assert.equal(await cache.delete('k'), false);
    await isGone(cache);
    await cache.delete('k');
    await age(scene, subject, swr);
    assert.equal(await cache.deleteMany(['k']), 0);
    await isGone(cache);
    await cache.delete('k');
    await age(scene, subject, swr);
    await cache.set('k', 'written', 0);
    await isGone(cache);
  });

  spec(subject, 'whoever stores there replaces it', async (scene) => {
    const { cache, place } = scene;
    await age(scene, subject, swr);
    assert.equal(await cache.add('k', 'added', second), true);
    assert.equal(await cache.get('k'), 'added');
    await place.advance(second + late);
    await isGone(cache);
    await cache.delete('k');
    await age(scene, subject, swr);
    await cache.set('k', 'moved', { ttl: second, version: 2 });
    await cache.decrVersion('k', 1, { version: 2 });
    assert.equal(await cache.get('k'), 'moved');
    await place.advance(second + late);
    await isGone(cache);
  });

  spec(subject, 'touch, incr and incrVersion of a live entry keep its time to be stale', async ({ cache, place }) => {
    const options = { ...swr, ttl: 10 * second };
    await cache.getOrSet('touch', () => 'old', options);
    await cache.getOrSet('incr', () => 1, { ...options, ttl: second });
    await cache.getOrSet('move', () => 'old', { ...options, ttl: second, version: 2 });
    assert.equal(await cache.touch('touch', second), true);
    assert.equal(await cache.incr('incr'), 2);
    assert.equal(await cache.decrVersion('move', 1, { version: 2 }), 1);
    await place.advance(second + late);
    for (const [key, left] of [
      ['touch', 'old'],
      ['incr', 2],
      ['move', 'old'],
    ] as const) {
      assert.equal(await cache.get(key), undefined);
      assert.equal(await cache.getOrSet<unknown>(key, () => 'new', swr), left);
    }
  });

  spec(subject, 'a value that is no factory replaces what is stale', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, swr);
    assert.equal(await cache.getOrSet('k', 'value', swr), 'value');
    assert.equal(await cache.get('k'), 'value');
  });
}

function ifError(subject: Subject): void {
  const { late, second } = timesOf(subject);
  const sie = { ttl: second, staleIfError: 4 * second };
  const failing = async () => {
    throw new RangeError('no');
  };

  spec(subject, 'staleIfError: the stale value instead of the error, to all who wait', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, sie);
    const run = gatedRun<string>();
    const waiting = [1, 2].map(() => cache.getOrSet('k', run.factory, sie));
    await Promise.all([run.begun, cache.has('k')]);
    await turn();
    const strict = assert.rejects(cache.getOrSet('k', run.factory), RangeError);
    await cache.has('k');
    await turn();
    run.fail(new RangeError('no'));
    assert.deepStrictEqual(await Promise.all(waiting), ['old', 'old']);
    await strict;
    assert.equal(await cache.get('k'), undefined);
    const throwing = () => {
      throw new RangeError('no');
    };
    assert.equal(await cache.getOrSet('k', throwing, sie), 'old');
    assert.equal(await cache.getOrSet('k', () => 'new', sie), 'new');
    assert.equal(await cache.get('k'), 'new');
  });

  spec(subject, 'staleIfError: too stale, or never there, is the error', async (scene) => {
    const { cache, place } = scene;
    await assert.rejects(cache.getOrSet('k', failing, sie), RangeError);
    await age(scene, subject, sie);
    await place.advance(2 * second);
    await assert.rejects(cache.getOrSet('k', failing, { staleIfError: second }), RangeError);
    assert.equal(await cache.getOrSet('k', failing, sie), 'old');
    await place.advance(2 * second + late);
    await assert.rejects(cache.getOrSet('k', failing, sie), RangeError);
  });

  spec(subject, 'staleIfError: a factory that takes too long has failed', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, sie);
    const awake = setInterval(() => {}, 60_000);
    const run = gate<string>();
    assert.equal(await cache.getOrSet('k', () => run.opened, { ...sie, timeout: 1 }), 'old');
    clearInterval(awake);
    run.open('late');
  });

  spec(subject, 'staleIfError: who leaves has his reason, not the stale value', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, sie);
    const run = gatedRun<string>();
    const controller = new AbortController();
    const reason = new Error('enough');
    const leaving = cache.getOrSet('k', run.factory, { ...sie, signal: controller.signal });
    await run.begun;
    controller.abort(reason);
    await assert.rejects(leaving, reason);
    run.open('');
  });

  spec(subject, 'staleIfError beside staleWhileRevalidate: each for its time', async (scene) => {
    const { cache, place } = scene;
    const both = { ttl: second, staleWhileRevalidate: second, staleIfError: 6 * second };
    await age(scene, subject, both);
    await place.advance(2 * second);
    assert.equal(await cache.getOrSet('k', failing, both), 'old');
    assert.equal(await cache.getOrSet('k', () => 'new', both), 'new');
  });
}

function withinTimeout(subject: Subject): void {
  const { second } = timesOf(subject);
  const soft = { ttl: second, staleIfError: 4 * second, staleTimeout: 1 };

  spec(subject, 'staleTimeout: the stale value if the factory takes longer, which goes on behind', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, soft);
    const run = gatedRun<string>();
    assert.equal(await cache.getOrSet('k', run.factory, soft), 'old');
    await run.begun;
    assert.equal(await cache.getOrSet('k', notRun, soft), 'old');
    run.open('new');
    await until(async () => (await cache.get('k')) === 'new');
    assert.equal(run.count, 1);
  });

  spec(subject, 'staleTimeout: who is served stale hears of no failure afterwards', async (scene) => {
    const { cache } = scene;
    await age(scene, subject, soft);
    const run = gatedRun<string>();
    assert.equal(await cache.getOrSet('k', run.factory, soft), 'old');
    await run.begun;
    run.fail(new RangeError('no'));
    for (let moment = 0; moment < 12; moment++) await turn();
    assert.equal(await cache.getOrSet('k', () => 'new', { ...soft, staleTimeout: '24d' }), 'new');
  });

  spec(subject, 'staleTimeout without a stale value waits for the factory', async ({ cache }) => {
    const run = gatedRun<string>();
    const waiting = cache.getOrSet('k', run.factory, soft);
    await run.begun;
    run.open('made');
    assert.equal(await waiting, 'made');
  });
}

function early(subject: Subject): void {
  const { second } = timesOf(subject);
  const options = { ttl: 4 * second, earlyRefresh: 1 };

  /** Runs with what chance says, and a clock of loads that can be put forward. */
  async function withChance(chance: number, body: (takes: (time: number) => void) => Promise<void>): Promise<void> {
    let ahead = 0;
    const { now } = performance;
    const random = mock.method(Math, 'random', () => chance);
    const clock = mock.method(performance, 'now', () => ahead + now.call(performance));
    try {
      await body((time) => {
        ahead += time;
      });
    } finally {
      random.mock.restore();
      clock.mock.restore();
    }
  }

  // -ln(0.5) is 0.69: of a load of 2 seconds that is 1.4 seconds before the end.
  spec(subject, 'earlyRefresh: near its end an entry is served at once, and made anew behind', async (scene) => {
    const { cache, place } = scene;
    await withChance(0.5, async (takes) => {
      const slow = (value: string) => async (context: LoadContext) => {
        takes(2 * second);
        return `${value} after ${context.stale}`;
      };
      assert.equal(await cache.getOrSet('k', slow('first'), options), 'first after undefined');
      await place.advance(2 * second);
      assert.equal(await cache.getOrSet('k', notRun, options), 'first after undefined');
      await place.advance(second);
      assert.equal(await cache.getOrSet('k', notRun, { earlyRefresh: 0.25 }), 'first after undefined');
      assert.equal(await cache.getOrSet('k', notRun), 'first after undefined');
      const answer = await cache.getOrSet('k', slow('second'), options);
      assert.equal(answer, 'first after undefined');
      await until(async () => (await cache.get('k')) === 'second after first after undefined');
      await place.advance(2 * second);
      assert.equal(await cache.has('k'), true);
    });
  });

  spec(subject, 'earlyRefresh: chance decides', async ({ cache, place }) => {
    const slow = (takes: (time: number) => void) => async () => {
      takes(2 * second);
      return 'made';
    };
    await withChance(0.9, async (takes) => {
      await cache.getOrSet('k', slow(takes), options);
      await place.advance(3 * second);
      assert.equal(await cache.getOrSet('k', notRun, options), 'made');
    });
  });

  spec(subject, 'earlyRefresh: what was loaded at once, or for a call without it, is not hurried', async (scene) => {
    const { cache, place } = scene;
    await withChance(0, async (takes) => {
      await cache.getOrSet(
        'k',
        async () => {
          takes(2 * second);
          return 'made';
        },
        { ttl: 4 * second },
      );
      await place.advance(3 * second);
      assert.equal(await cache.getOrSet('k', notRun, options), 'made');
    });
  });
}

import assert from 'node:assert/strict';
import { describe, mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Cache, LoadOptions } from 'locmem';
import { gate, gatedRun } from './gate.js';
import { answered } from './single-flight.js';
import { type Subject, spec } from './subject.js';
import { timesOf } from './times.js';

const ARGUMENT_ERROR = { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' };
const wrong = (options: object): LoadOptions => options as LoadOptions;

/** Options that cannot be meant: what their error shows. */
const WRONG_OPTIONS: readonly [object, RegExp][] = [
  [{ jiter: 5 }, /'jiter'.*Did you mean 'jitter'.*Known: ttl, version, tags, jitter, negativeTtl/],
  [{ jitter: -1 }, /jitter.*-1/],
  [{ jitter: null }, /jitter.*null/],
  [{ jitter: 'soon' }, /jitter.*'soon'/],
  [{ jitter: Number.NaN }, /jitter.*NaN/],
  [{ negativeTtl: 'soon' }, /negativeTtl.*'soon'/],
  [{ negativeTtl: true }, /negativeTtl.*true/],
];
const WRONG_WAITING: readonly [object, RegExp][] = [
  [{ timout: 5 }, /'timout'.*Did you mean 'timeout'/],
  [{ timeout: 0 }, /timeout.*\b0\b/],
  [{ timeout: -5 }, /timeout.*-5/],
  [{ timeout: 'soon' }, /timeout.*'soon'/],
  [{ timeout: '25d' }, /timeout.*'25d'/],
  [{ signal: 'stop' }, /AbortSignal.*'stop'/],
  [{ signal: null }, /AbortSignal.*null/],
  [{ signal: {} }, /AbortSignal.*\{\}/],
  [{ signal: new AbortController() }, /AbortSignal.*AbortController/],
  [{ staleWhileRevalidate: -1 }, /staleWhileRevalidate.*-1/],
  [{ staleWhileRevalidate: 'soon' }, /staleWhileRevalidate.*'soon'/],
  [{ staleIfError: -1 }, /staleIfError.*-1/],
  [{ staleIfError: true }, /staleIfError.*true/],
  [{ staleTimeout: -1, staleIfError: 1 }, /staleTimeout.*-1/],
  [{ staleTimeout: '25d', staleIfError: 1 }, /staleTimeout.*'25d'/],
  [{ staleTimeout: 5 }, /staleTimeout.*staleIfError/],
  [{ staleTimeout: 5, staleWhileRevalidate: 5 }, /staleTimeout.*staleIfError/],
  [{ earlyRefresh: -0.1 }, /earlyRefresh.*-0\.1/],
  [{ earlyRefresh: 1.1 }, /earlyRefresh.*1\.1/],
  [{ earlyRefresh: Number.NaN }, /earlyRefresh.*NaN/],
  [{ earlyRefresh: '1' }, /earlyRefresh.*'1'/],
  [{ earlyRefresh: true }, /earlyRefresh.*true/],
  [{ lockTimeout: -1 }, /lockTimeout.*-1/],
  [{ lockTimeout: 'soon' }, /lockTimeout.*'soon'/],
];

/** The options of calls that load, and of those alone that wait. */
const LOADING = ['jitter', 'negativeTtl'];
const WAITING = [
  'timeout',
  'signal',
  'staleWhileRevalidate',
  'staleIfError',
  'staleTimeout',
  'earlyRefresh',
  'lockTimeout',
];

/** How a loading call stores, waits and is left. */
export function loadOptions(subject: Subject): void {
  describe('options of loading', () => {
    wrongOptions(subject);
    if (subject.capabilities.stores) storing(subject);
    if (subject.face === 'sync') return;
    timeouts(subject);
    signals(subject);
    if (subject.capabilities.stores) lateValues(subject);
  });
}

function wrongOptions(subject: Subject): void {
  const all = subject.face === 'sync' ? WRONG_OPTIONS : [...WRONG_OPTIONS, ...WRONG_WAITING];

  spec(subject, 'what cannot be meant is a TypeError, also on a hit, and no factory runs', async ({ cache }) => {
    await cache.set('there', 1);
    const notRun = () => assert.fail('the factory ran');
    for (const [options, shows] of all) {
      for (const key of ['k', 'there']) {
        await assert.rejects(cache.getOrSet(key, notRun, wrong(options)), { ...ARGUMENT_ERROR, message: shows });
        await assert.rejects(cache.getOrSet(key, 5, wrong(options)), { ...ARGUMENT_ERROR, message: shows });
      }
      assert.throws(() => cache.wrap(notRun, { key: 'k', ...options }), { ...ARGUMENT_ERROR, message: shows });
    }
    assert.equal(await cache.has('k'), false);
  });

  spec(subject, 'calls that do not load refuse them', async ({ cache }) => {
    for (const name of [...LOADING, ...WAITING]) {
      const options = wrong({ [name]: 1000 });
      const refused = { ...ARGUMENT_ERROR, message: RegExp(`Unknown option of .*: '${name}'.*Known: ttl, version`) };
      await assert.rejects(cache.set('k', 1, options), refused);
      await assert.rejects(cache.add('k', 1, options), refused);
      await assert.rejects(cache.setMany({ k: 1 }, options), refused);
    }
    assert.equal(await cache.has('k'), false);
  });

  spec(subject, 'an option that is undefined is one that is not given', async ({ cache }) => {
    const known = subject.face === 'async' ? [...LOADING, ...WAITING] : LOADING;
    const none = Object.fromEntries([...known, 'tags'].map((name) => [name, undefined]));
    for (let i = 0; i < 2; i++) assert.equal(await cache.getOrSet('k', () => 1, wrong(none)), 1);
  });

  spec(subject, 'the sync face knows none that has to do with waiting', async ({ cache }) => {
    if (subject.face === 'async') return;
    for (const name of WAITING) {
      await assert.rejects(
        cache.getOrSet('k', () => 1, wrong({ [name]: 1 })),
        ARGUMENT_ERROR,
      );
    }
  });
}

function storing(subject: Subject): void {
  const { step, late, second } = timesOf(subject);

  /** With what chance says. */
  async function withRandom(chance: number, body: () => Promise<unknown>): Promise<void> {
    const random = mock.method(Math, 'random', () => chance);
    try {
      await body();
    } finally {
      random.mock.restore();
    }
  }

  spec(subject, 'jitter takes away up to that much of the ttl', async ({ cache, place }) => {
    const options = { ttl: 4 * second, jitter: 2 * second };
    await withRandom(0.5, () => cache.getOrSet('half', () => 1, options));
    await withRandom(0.5, () => cache.getOrSet('value', 1, options));
    await withRandom(0, () => cache.getOrSet('none', () => 1, options));
    await place.advance(3 * second - step);
    assert.equal(await cache.has('half'), true);
    assert.equal(await cache.has('value'), true);
    await place.advance(step + late);
    assert.equal(await cache.has('half'), false);
    assert.equal(await cache.has('value'), false);
    assert.equal(await cache.has('none'), true);
  });

  spec(subject, 'jitter leaves what never expires, and what expires at once, alone', async ({ cache, place }) => {
    await withRandom(0.9, () => cache.getOrSet('forever', () => 1, { ttl: null, jitter: second }));
    await withRandom(0.9, () => cache.getOrSet('now', () => 1, { ttl: 0, jitter: second }));
    assert.equal(await cache.has('now'), false);
    await place.advance(2 * second);
    assert.equal(await cache.has('forever'), true);
  });

  spec(subject, 'negativeTtl is the ttl of null alone', async ({ cache, place }) => {
    const options = { ttl: 3 * second, negativeTtl: second };
    assert.equal(await cache.getOrSet('null', () => null, options), null);
    assert.equal(await cache.getOrSet('no-factory', null, options), null);
    for (const value of [0, '', false]) await cache.getOrSet(`other:${value}`, () => value, options);
    assert.equal(await cache.getOrSet<unknown>('null', () => 'not run', options), null);
    await place.advance(second + late);
    assert.equal(await cache.has('null'), false);
    assert.equal(await cache.has('no-factory'), false);
    for (const value of [0, '', false]) assert.equal(await cache.get(`other:${value}`), value);
  });

  spec(subject, 'a negativeTtl of 0 stores no null', async ({ cache }) => {
    let runs = 0;
    const nothing = () => {
      runs++;
      return null;
    };
    for (let i = 0; i < 2; i++) assert.equal(await cache.getOrSet('k', nothing, { negativeTtl: 0 }), null);
    assert.equal(runs, 2);
  });

  spec(subject, 'wrap takes the same options', async ({ cache, place }) => {
    const wrapped = cache.wrap((found: boolean) => (found ? 1 : null), {
      key: (found) => `k${found}`,
      ttl: 4 * second,
      jitter: 2 * second,
      negativeTtl: second,
    });
    await withRandom(0.5, () => wrapped(true));
    await withRandom(0, () => wrapped(false));
    await place.advance(second + late);
    assert.equal(await cache.has('kfalse'), false);
    assert.equal(await cache.has('ktrue'), true);
    await place.advance(2 * second);
    assert.equal(await cache.has('ktrue'), false);
  });
}

/** In how many turns of the event loop a late value would be stored. */
const MOMENTS = 12;

/** Resolves when `value` stands at 'k'. */
async function stored(cache: Cache, value: string): Promise<void> {
  while ((await cache.get('k')) !== value) await turn();
}

const TIMED_OUT = { name: 'LoadTimeoutError', code: 'ERR_LOCMEM_LOAD_TIMEOUT', message: /'k'.*\b1 ms/ };

/** A specification of timeouts: their timers keep no program alive, so that one of its own has to. */
function timedSpec(subject: Subject, title: string, body: (cache: Cache) => Promise<void>): void {
  spec(subject, title, async ({ cache }) => {
    const awake = setInterval(() => {}, 60_000);
    try {
      await body(cache);
    } finally {
      clearInterval(awake);
    }
  });
}

function timeouts(subject: Subject): void {
  timedSpec(subject, 'a factory that takes too long rejects all who wait, and its signal is aborted', async (cache) => {
    const run = gate<string>();
    let signal: AbortSignal | undefined;
    const load = (context: { signal: AbortSignal }) => {
      signal = context.signal;
      return run.opened;
    };
    const waiting = [1, 2, 3].map(() => cache.getOrSet('k', load, { timeout: 1 }));
    const settled = await Promise.allSettled(waiting);
    for (const one of settled) await assert.rejects(Promise.reject((one as PromiseRejectedResult).reason), TIMED_OUT);
    assert.equal(signal!.aborted, true);
    assert.equal(signal!.reason, (settled[0] as PromiseRejectedResult).reason);
    run.open('late');
  });

  timedSpec(subject, 'a factory that is done in time is not timed out', async (cache) => {
    const run = gatedRun<string>();
    const waiting = cache.getOrSet('k', run.factory, { timeout: '24d' });
    run.open('made');
    assert.equal(await waiting, 'made');
    assert.equal(await cache.getOrSet('l', () => 'made', { timeout: 1 }), 'made');
  });

  timedSpec(subject, 'who asks after the timeout begins a new run', async (cache) => {
    const run = gate<string>();
    await assert.rejects(
      cache.getOrSet('k', () => run.opened, { timeout: 1 }),
      TIMED_OUT,
    );
    assert.equal(await cache.getOrSet('k', () => 'anew'), 'anew');
    run.open('late');
  });
}

/** A signal, and what its abortion is told to be for. */
function leaver(): { signal: AbortSignal; leave: () => void; reason: Error } {
  const controller = new AbortController();
  const reason = new Error('enough');
  return { signal: controller.signal, leave: () => controller.abort(reason), reason };
}

/** A factory that shows the signal it is handed. */
function watched() {
  const run = gatedRun<string>();
  let signal: AbortSignal | undefined;
  const factory = (context: { signal: AbortSignal }) => {
    signal = context.signal;
    return run.factory();
  };
  return { run, factory, wasAborted: () => signal!.aborted, reason: () => signal!.reason as unknown };
}

function signals(subject: Subject): void {
  spec(subject, 'an aborted signal refuses the call', async ({ cache }) => {
    const { signal, leave, reason } = leaver();
    leave();
    await cache.set('there', 1);
    await assert.rejects(
      cache.getOrSet('k', () => assert.fail('the factory ran'), { signal }),
      reason,
    );
    await assert.rejects(cache.getOrSet('there', 2, { signal }), reason);
    assert.equal(await cache.has('k'), false);
  });

  spec(subject, 'a caller that leaves has the reason at once; the run goes on for the others', async ({ cache }) => {
    const { run, factory, wasAborted } = watched();
    const [one, two] = [leaver(), leaver()];
    const leaving = cache.getOrSet('k', factory, { signal: one.signal });
    const staying = [cache.getOrSet('k', factory, { signal: two.signal }), cache.getOrSet('k', factory)];
    await run.begun;
    await answered(cache);
    one.leave();
    await assert.rejects(leaving, one.reason);
    two.leave();
    await assert.rejects(staying[0]!, two.reason);
    assert.equal(wasAborted(), false);
    run.open('made');
    assert.equal(await staying[1], 'made');
    assert.equal(run.count, 1);
    if (subject.capabilities.stores) assert.equal(await cache.get('k'), 'made');
  });

  spec(subject, 'when all have left, the factory is told, and the next caller begins a new run', async ({ cache }) => {
    const { run, factory, wasAborted, reason } = watched();
    const [one, two] = [leaver(), leaver()];
    const leaving = [one, two].map(({ signal }) => cache.getOrSet('k', factory, { signal }));
    await run.begun;
    await answered(cache);
    one.leave();
    await assert.rejects(leaving[0]!, one.reason);
    assert.equal(wasAborted(), false);
    two.leave();
    await assert.rejects(leaving[1]!, two.reason);
    assert.equal(wasAborted(), true);
    assert.equal(reason(), two.reason);
    assert.equal(await cache.getOrSet('k', () => 'anew'), 'anew');
    run.fail(new Error('aborted'));
    await answered(cache);
    assert.equal(await cache.getOrSet('k', () => 'again'), subject.capabilities.stores ? 'anew' : 'again');
  });

  spec(subject, 'a signal that is aborted by the factory itself', async ({ cache }) => {
    const { signal, leave, reason } = leaver();
    const run = gate<string>();
    const load = (context: { signal: AbortSignal }) => {
      leave();
      return run.opened.then(() => String(context.signal.aborted));
    };
    await assert.rejects(cache.getOrSet('k', load, { signal }), reason);
    run.open('');
    if (subject.capabilities.stores) await stored(cache, 'true');
  });

  spec(subject, 'who has his answer does not leave any more', async ({ cache }) => {
    const { run, factory, wasAborted } = watched();
    const { signal, leave } = leaver();
    const waiting = cache.getOrSet('k', factory, { signal });
    run.open('made');
    assert.equal(await waiting, 'made');
    leave();
    assert.equal(wasAborted(), false);
  });
}

function lateValues(subject: Subject): void {
  const during: Record<string, { write: (cache: Cache) => Promise<unknown>; leaves: unknown }> = {
    'nothing else': { write: async () => {}, leaves: 'late' },
    'a set': { write: (cache) => cache.set('k', 'written'), leaves: 'written' },
    'a delete': { write: (cache) => cache.delete('k'), leaves: undefined },
    'a new run': { write: (cache) => cache.getOrSet('k', () => 'newer'), leaves: 'newer' },
  };
  for (const [title, { write, leaves }] of Object.entries(during)) {
    timedSpec(subject, `a value that comes after the timeout, and after ${title}`, async (cache) => {
      const run = gate<string>();
      await assert.rejects(
        cache.getOrSet('k', () => run.opened, { timeout: 1 }),
        TIMED_OUT,
      );
      await write(cache);
      run.open('late');
      if (leaves === 'late') await stored(cache, 'late');
      for (let i = 0; i < MOMENTS; i++) await turn();
      assert.equal(await cache.get('k'), leaves);
    });
  }
}

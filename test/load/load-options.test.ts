import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it, mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { type Cache, DummyCache, type LoadOptions, LocMemCache } from 'locmem';
import { readLoadTerms, ttlOf } from '#dist/load/load-terms.js';
import { runProgram } from '../child-program.js';
import { gate, gatedRun } from '../conformance/gate.js';
import { MemoryServer, MemoryServerCache } from './memory-server.js';

const CACHES: Record<string, () => Cache> = {
  'in process': () => new LocMemCache(),
  'on a server': () => new MemoryServerCache(),
};

describe('jitter', () => {
  it('leaves the ttl between ttl - jitter, at least 1 ms, and ttl; and an end that is none, or past, as it is', () => {
    const times = fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.double({ noNaN: true, min: 0, max: 1e9 }));
    const ttls = fc.oneof(times, fc.constantFrom(-10, 0, 0.5, 1, Number.POSITIVE_INFINITY));
    fc.assert(
      fc.property(ttls, times, fc.boolean(), (ttl, jitter, isNull) => {
        const terms = readLoadTerms(isNull ? { jitter, negativeTtl: ttl } : { jitter });
        const left = isNull ? ttlOf(null, 5, terms) : ttlOf('made', ttl, terms);
        if (ttl <= 1 || ttl === Number.POSITIVE_INFINITY) assert.equal(left, ttl);
        else assert.ok(left >= Math.max(1, ttl - jitter) && left <= ttl, `${left}`);
      }),
    );
  });

  it('is spread evenly', () => {
    const terms = readLoadTerms({ jitter: '1s' });
    const tenths = new Array<number>(10).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const left = ttlOf(1, 3000, terms);
      tenths[Math.min(9, Math.floor((left - 2000) / 100))]!++;
    }
    // Each is 2,000 with a standard deviation of 42.
    for (const count of tenths) assert.ok(Math.abs(count - 2000) < 300, tenths.join());
  });
});

describe('the timeout of a factory', () => {
  for (const [where, make] of Object.entries(CACHES)) {
    it(`${where}: ends its run when it says, and who joined has it too, whatever he asked for`, async () => {
      const cache = make();
      const run = gatedRun<string>();
      mock.timers.enable({ apis: ['setTimeout'] });
      try {
        const waiting = [undefined, 10, '1h'].map((timeout) =>
          cache.getOrSet('k', run.factory, { timeout: timeout ?? '1s' } as LoadOptions),
        );
        const settled = waiting.map((one) => one.catch((error: Error) => error.name));
        await run.begun;
        let over = 0;
        for (const one of settled) one.then(() => over++);
        mock.timers.tick(999);
        await turn();
        assert.equal(over, 0);
        mock.timers.tick(1);
        assert.deepStrictEqual(await Promise.all(settled), new Array(3).fill('LoadTimeoutError'));
        assert.equal(run.count, 1);
      } finally {
        mock.timers.reset();
      }
      await cache.close();
    });

    for (const how of ['is done', 'fails', 'throws', 'is left by all', 'takes too long'] as const) {
      it(`${where}: leaves no timer when the factory ${how}`, async () => {
        const cache = make();
        const set = mock.method(globalThis, 'setTimeout');
        const cleared = mock.method(globalThis, 'clearTimeout');
        try {
          const controller = new AbortController();
          const run = gatedRun<string>();
          const throwing = () => {
            throw new RangeError();
          };
          const timeout = how === 'takes too long' ? 1 : '1h';
          const factory = how === 'throws' ? throwing : run.factory;
          const waiting = cache.getOrSet('k', factory, { timeout, signal: controller.signal }).catch(() => {});
          if (how !== 'throws') await run.begun;
          await turn();
          const timers = set.mock.calls.filter(({ arguments: [, delay] }) => delay === 3_600_000 || delay === 1);
          assert.equal(timers.length, how === 'throws' ? 0 : 1);
          if (how === 'is done') run.open('made');
          if (how === 'fails') run.fail(new RangeError());
          if (how === 'is left by all') controller.abort();
          const awake = setInterval(() => {}, 1000);
          await waiting;
          clearInterval(awake);
          const ended = cleared.mock.calls.map(({ arguments: [timer] }) => timer);
          for (const { result } of timers) assert.ok(how === 'takes too long' || ended.includes(result as never));
          run.open('');
        } finally {
          set.mock.restore();
          cleared.mock.restore();
        }
        await cache.close();
      });
    }
  }

  it('keeps no program alive', async () => {
    const { stdout, exit } = await runProgram(`
      import { cache } from 'locmem';
      process.on('exit', () => console.log('exit'));
      cache.getOrSet('k', () => new Promise(() => {}), { timeout: '1h' });
    `);
    assert.deepStrictEqual({ stdout, exit }, { stdout: 'exit\n', exit: 0 });
  });

  it('that was followed by a failure is not unhandled', async () => {
    const { stdout, exit, stderr } = await runProgram(`
      import { cache } from 'locmem';
      let fail;
      const failing = () => new Promise((_, reject) => { fail = reject; });
      const awake = setInterval(() => {}, 60_000);
      await cache.getOrSet('k', failing, { timeout: 1 }).catch(({ name }) => console.log(name));
      fail(new Error('late'));
      const left = AbortSignal.timeout(1);
      await cache.getOrSet('l', failing, { signal: left }).catch(({ name }) => console.log(name));
      fail(new Error('late'));
      clearInterval(awake);
      await new Promise((resolve) => setTimeout(resolve, 50));
    `);
    assert.deepStrictEqual({ stdout, exit }, { stdout: 'LoadTimeoutError\nTimeoutError\n', exit: 0 }, stderr);
  });
});

describe('signals', () => {
  for (const [where, make] of Object.entries(CACHES)) {
    it(`${where}: one of many calls has one listener, and none when they are answered`, async () => {
      const cache = make();
      const warnings: unknown[] = [];
      const warned = (warning: unknown) => warnings.push(warning);
      process.on('warning', warned);
      const { signal } = new AbortController();
      const runs = Array.from({ length: 30 }, () => gatedRun<number>());
      const waiting = runs.map((run, i) => cache.getOrSet(`k${i}`, run.factory, { signal }));
      assert.equal(getEventListeners(signal, 'abort').length, 1);
      for (const run of runs) await run.begun;
      assert.equal(getEventListeners(signal, 'abort').length, 1);
      for (const [i, run] of runs.entries()) run.open(i);
      assert.deepStrictEqual(
        await Promise.all(waiting),
        runs.map((_, i) => i),
      );
      await turn();
      assert.equal(getEventListeners(signal, 'abort').length, 0);
      process.off('warning', warned);
      assert.deepStrictEqual(warnings, []);
      await cache.close();
    });

    it(`${where}: leaving leaves no listener`, async () => {
      const cache = make();
      const controller = new AbortController();
      const { signal } = controller;
      const run = gatedRun<number>();
      const waiting = [1, 2].map(() => cache.getOrSet('k', run.factory, { signal }).catch(() => 'left'));
      await run.begun;
      controller.abort();
      assert.deepStrictEqual(await Promise.all(waiting), ['left', 'left']);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
      run.open(1);
      await cache.close();
    });
  }

  it('on a server: who leaves while it is asked has the reason at once, and no factory runs', async () => {
    const server = new MemoryServer();
    const cache = new MemoryServerCache(server);
    const controller = new AbortController();
    const reason = new Error('enough');
    const { signal } = controller;
    let runs = 0;
    const waiting = [
      cache.getOrSet('k', () => runs++, { signal }),
      cache.getOrSetMany(['k', 'l'], () => ({ k: runs++ }), { signal }),
    ];
    controller.abort(reason);
    for (const one of waiting) await assert.rejects(one, reason);
    for (let i = 0; i < 12; i++) await turn();
    assert.deepStrictEqual(server.calls, ['read', 'readMany']);
    assert.equal(runs, 0);
    await cache.close();
  });

  it('a factory that asks for its signal when all have left finds it aborted', async () => {
    const cache = new LocMemCache();
    const controller = new AbortController();
    const run = gate<void>();
    let reason: unknown;
    const late = async (context: { signal: AbortSignal }) => {
      await run.opened;
      reason = context.signal.reason;
      return 1;
    };
    const waiting = cache.getOrSet('k', late, { signal: controller.signal });
    controller.abort('left');
    await assert.rejects(waiting, (error) => error === 'left');
    run.open();
    await turn();
    assert.equal(reason, 'left');
    cache.closeSync();
  });
});

describe('getOrSetSync', () => {
  it('refuses timeout and signal: it neither waits nor can be left', () => {
    const cache = new LocMemCache();
    for (const options of [{ timeout: 5 }, { signal: new AbortController().signal }]) {
      assert.throws(() => cache.getOrSetSync('k', () => 1, options as never), {
        code: 'ERR_LOCMEM_INVALID_ARGUMENT',
        message: /Unknown option of getOrSetSync/,
      });
    }
    cache.closeSync();
  });

  it('hands its factory a signal that is not aborted', () => {
    const cache = new DummyCache();
    assert.equal(
      cache.getOrSetSync('k', ({ signal }) => signal.aborted),
      false,
    );
  });
});

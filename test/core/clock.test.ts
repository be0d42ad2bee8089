import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import { describe, it, mock } from 'node:test';
import timers from 'node:timers';
import { LocMemCache } from 'locmem';
import { CoarseClock, systemClock } from '#dist/core/clock.js';
import { runProgram } from '../child-program.js';

/** A source of time that counts how often it is asked. */
class CountedSource {
  time = 1_000_000;
  asked = 0;
  now(): number {
    this.asked++;
    return this.time;
  }
}

const MINUTE = 60_000;

const isPast = (clock: CoarseClock, moment: number): boolean => clock.isPast(Float64Array.of(moment), 0);

function after(clock: CoarseClock, ttl: number): number {
  const moments = new Float64Array(1);
  clock.stamp(moments, 0, ttl);
  return moments[0];
}

/** A clock that has just been read often enough to remember the time. */
function inBurst(): { clock: CoarseClock; source: CountedSource } {
  const source = new CountedSource();
  const clock = new CoarseClock(source, 1);
  for (let i = 0; i < 500; i++) clock.now();
  source.asked = 0;
  return { clock, source };
}

describe('CoarseClock', () => {
  it('tells the exact time, in a burst too', () => {
    const { clock, source } = inBurst();
    for (let i = 0; i < 1000; i++) {
      source.time += 0.25;
      assert.equal(clock.now(), source.time);
    }
  });

  it('asks its source on every reading while it is read rarely', () => {
    const source = new CountedSource();
    const clock = new CoarseClock(source, 1);
    for (let i = 0; i < 1000; i++) {
      source.time += 1;
      for (let read = 0; read < 5; read++) {
        assert.equal(isPast(clock, source.time + MINUTE), false);
        assert.equal(after(clock, MINUTE), source.time + MINUTE);
      }
    }
    assert.equal(source.asked, 10_000);
  });

  it('asks its source less often than it is read in a burst', () => {
    const { clock, source } = inBurst();
    for (let i = 0; i < 5000; i++) {
      assert.equal(isPast(clock, source.time + MINUTE), false);
      assert.equal(after(clock, MINUTE), source.time + MINUTE);
    }
    assert.ok(source.asked < 500, `asked ${source.asked} times`);
  });

  it('answers from memory at most 64 times in a row, even in a burst', () => {
    const { clock, source } = inBurst();
    source.time += 2 * MINUTE;
    let stale = 0;
    while (!isPast(clock, source.time - MINUTE)) stale++;
    assert.ok(stale <= 64, `${stale} stale answers`);
    assert.equal(after(clock, MINUTE), source.time + MINUTE);
  });

  it('judges by the exact time what is at most 10 s from the time remembered, in a burst too', () => {
    for (const pause of [1, 50, 5000, 9999, 10_000]) {
      const { clock, source } = inBurst();
      const moment = source.time + pause;
      assert.equal(isPast(clock, moment), false);
      source.time = moment - 0.5;
      assert.equal(isPast(clock, moment), false);
      source.time = moment;
      assert.equal(isPast(clock, moment), true, `a pause of ${pause} ms`);
      assert.equal(after(clock, pause), moment + pause);
    }
  });

  it('takes what is past for past, whatever it remembers', () => {
    const { clock, source } = inBurst();
    for (const ago of [0, 1, MINUTE, Number.POSITIVE_INFINITY]) assert.equal(isPast(clock, source.time - ago), true);
  });

  it('never takes for ever for past', () => {
    const { clock } = inBurst();
    for (let i = 0; i < 200; i++) {
      assert.equal(isPast(clock, Number.POSITIVE_INFINITY), false);
      assert.equal(after(clock, Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
    }
  });

  it('with a resolution of 0 asks every time', () => {
    const source = new CountedSource();
    const clock = new CoarseClock(source, 0);
    for (let i = 0; i < 1000; i++) {
      clock.now();
      isPast(clock, source.time + MINUTE);
      after(clock, MINUTE);
    }
    assert.equal(source.asked, 3000);
  });

  it('remembers nothing while Date.now is not that of the machine', (t) => {
    const { clock, source } = inBurst();
    t.mock.method(Date, 'now', () => 0);
    for (let i = 1; i <= 1000; i++) {
      source.time += 20_000;
      assert.equal(isPast(clock, source.time), true);
      assert.equal(after(clock, MINUTE), source.time + MINUTE);
    }
  });

  it('follows a clock that is set back, and remembers again', () => {
    const { clock, source } = inBurst();
    source.time -= 60 * MINUTE;
    assert.equal(clock.now(), source.time);
    assert.equal(isPast(clock, source.time + MINUTE), false);
    for (let i = 0; i < 500; i++) clock.now();
    source.asked = 0;
    for (let i = 0; i < 640; i++) assert.equal(isPast(clock, source.time + MINUTE), false);
    assert.ok(source.asked <= 10, `asked ${source.asked} times`);
  });

  it('forgets what it remembers when the loop has yielded', (t) => {
    const timer = t.mock.method(timers, 'setTimeout', () => ({ unref() {} }));
    syncBuiltinESMExports();
    t.after(() => {
      timer.mock.restore();
      syncBuiltinESMExports();
    });
    const { clock, source } = inBurst();
    source.time += 2 * MINUTE;
    assert.equal(isPast(clock, source.time - MINUTE), false, 'remembered');
    assert.equal(timer.mock.callCount(), 1);
    const [forget, delay] = timer.mock.calls[0]!.arguments as unknown as [() => void, number];
    assert.equal(delay, 1);
    forget();
    assert.equal(isPast(clock, source.time - MINUTE), true);
  });
});

describe('an entry that has expired', () => {
  it('is missing right after a burst and a pause in which the loop did not turn', (t) => {
    let time = Date.now();
    // The machine's clock as the cache asks it, with `Date` left alone: so the cache remembers as it does in earnest.
    t.mock.method(systemClock, 'now', () => time);
    for (const ttl of [1, 50, 1000, 9000]) {
      const cache = new LocMemCache();
      cache.setSync('far', 1, '1h');
      cache.setSync('k', 'v', ttl);
      for (let i = 0; i < 500; i++) {
        cache.getSync('far');
        cache.getSync('k');
      }
      time += ttl - 1;
      if (ttl > 1) assert.equal(cache.getSync('k'), 'v');
      time += 1;
      assert.equal(cache.getSync('k'), undefined, `a ttl of ${ttl}`);
      assert.equal(cache.hasSync('k'), false);
    }
  });

  it('is missing to the millisecond under a fake Date, after hundreds of calls in one tick', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
    for (const ttl of [1000, 60_000, 86_400_000]) {
      const cache = new LocMemCache({ maxEntries: 1000 });
      for (let i = 0; i < 500; i++) {
        cache.setSync(`k${i}`, i, ttl);
        cache.getSync(`k${i}`);
      }
      t.mock.timers.setTime(Date.now() + ttl - 1);
      for (let i = 0; i < 500; i++) assert.equal(cache.getSync(`k${i}`), i);
      t.mock.timers.setTime(Date.now() + 1);
      for (let i = 0; i < 500; i++) assert.equal(cache.getSync(`k${i}`), undefined);
      for (let i = 0; i < 500; i++) cache.setSync('late', 1, ttl);
      t.mock.timers.setTime(Date.now() + ttl);
      assert.equal(cache.getSync('late'), undefined);
    }
  });
});

describe('systemClock', () => {
  it("tells the machine's time", () => {
    const before = Date.now();
    const now = systemClock.now();
    assert.ok(before <= now && now <= Date.now());
  });

  it("is reached by a test runner's fake timers", (t) => {
    t.after(() => mock.timers.reset());
    mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1000 });
    const cache = new LocMemCache();
    cache.setSync('k', 'v', 5000);
    mock.timers.tick(4999);
    assert.equal(cache.getSync('k'), 'v');
    mock.timers.tick(1);
    assert.equal(cache.getSync('k'), undefined);
    mock.timers.setTime(500_000);
    cache.setSync('k', 'v', 5000);
    assert.equal(cache.getSync('k'), 'v');
  });
});

describe('the process', () => {
  it('ends by itself right after a burst of reads', async () => {
    const { stderr, exit } = await runProgram(`
      import { cache } from 'locmem';
      cache.setSync('k', 1, 1e9);
      for (let i = 0; i < 100_000; i++) cache.getSync('k');
    `);
    assert.equal(exit, 0, stderr);
  });

  it('may have a global setTimeout whose timers are numbers, as in a browser', async () => {
    const { stdout, stderr, exit } = await runProgram(`
      const { setTimeout: machines } = globalThis;
      globalThis.setTimeout = (...args) => machines(...args)[Symbol.toPrimitive]();
      const { cache } = await import('locmem');
      for (let i = 0; i < 1000; i++) cache.setSync('k', i, '1h');
      console.log(cache.getSync('k'));
    `);
    assert.equal(exit, 0, stderr);
    assert.equal(stdout, '999\n');
  });

  it('ends by itself with caches whose clocks are very coarse', async () => {
    const { exit, stderr } = await runProgram(`
      import { LocMemCache } from 'locmem';
      const cache = new LocMemCache({ ttlResolution: 600_000 });
      cache.setSync('k', 1, '1d');
      for (let i = 0; i < 1000; i++) cache.getSync('k');
    `);
    assert.equal(exit, 0, stderr);
    assert.equal(stderr, '');
  });
});

import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
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

describe('CoarseClock', () => {
  it('is exact while it is read rarely', () => {
    const source = new CountedSource();
    const clock = new CoarseClock(source, 1);
    for (let i = 0; i < 1000; i++) {
      source.time += 1;
      for (let read = 0; read < 10; read++) assert.equal(clock.now(), source.time);
    }
  });

  it('asks its source less often than it is read in a burst', () => {
    const source = new CountedSource();
    const clock = new CoarseClock(source, 1);
    for (let i = 0; i < 10_000; i++) clock.now();
    assert.ok(source.asked < 500, `asked ${source.asked} times`);
  });

  it('answers from memory at most 64 times in a row, even in a burst', () => {
    const source = new CountedSource();
    const clock = new CoarseClock(source, 1);
    for (let i = 0; i < 500; i++) clock.now();
    source.time += 1000;
    let stale = 0;
    while (clock.now() !== source.time) stale++;
    assert.ok(stale <= 64, `${stale} stale answers`);
  });

  it('never goes back by itself', () => {
    const source = new CountedSource();
    const clock = new CoarseClock(source, 1);
    let last = 0;
    for (let i = 0; i < 5000; i++) {
      if (i % 7 === 0) source.time += 0.25;
      const now = clock.now();
      assert.ok(now >= last && now <= source.time);
      last = now;
    }
  });

  it('with a resolution of 0 asks every time', () => {
    const source = new CountedSource();
    const clock = new CoarseClock(source, 0);
    for (let i = 0; i < 1000; i++) clock.now();
    assert.equal(source.asked, 1000);
  });

  it('follows a clock that is set back, and is exact again', () => {
    const source = new CountedSource();
    const clock = new CoarseClock(source, 1);
    for (let i = 0; i < 500; i++) clock.now();
    source.time -= 3_600_000;
    let stale = 0;
    while (clock.now() !== source.time) stale++;
    assert.ok(stale <= 64, `${stale} stale answers`);
    for (let i = 0; i < 1000; i++) {
      source.time += 1;
      for (let read = 0; read < 10; read++) assert.equal(clock.now(), source.time);
    }
  });

  it('forgets what it remembers when the loop has yielded', async () => {
    const source = new CountedSource();
    const clock = new CoarseClock(source, 1);
    for (let i = 0; i < 20; i++) clock.now();
    source.time += 5;
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(clock.now(), source.time);
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
    const { stdout, exit } = await runProgram(`
      import { cache } from 'locmem';
      cache.setSync('k', 1, 1e9);
      for (let i = 0; i < 100_000; i++) cache.getSync('k');
      const began = Date.now();
      process.on('exit', () => console.log(Date.now() - began));
    `);
    assert.equal(exit, 0);
    assert.ok(Number(stdout) < 1000, stdout);
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

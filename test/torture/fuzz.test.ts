import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SegmentError, SharedCache } from 'locmem';
import { Child, freshLocation, timeOf } from './shared-place.js';

/** As often at least. */
const RUNS = 300;
const HANG = 30_000;

describe('a damaged segment', () => {
  it('costs a SegmentError or misses: never a wrong value, an old one, a crash or a hang', async () => {
    const seed = 1 + Math.floor(Math.random() * 2 ** 31);
    const milliseconds = timeOf('fuzz', 0);
    const children = [0, 1].map(
      (i) => new Child('./fuzz-process.js', freshLocation(), ...[seed + i, RUNS, milliseconds].map(String)),
    );
    await Promise.all(
      children.map(async (child) => {
        const wrong: string[] = [];
        let last = 'the first';
        let isDone = false;
        let watchdog = setTimeout(() => child.signal('SIGKILL'), HANG);
        child.onMessage((message) => {
          const { run, wrong: what, done } = message as { run?: string; wrong?: string; done?: boolean };
          if (run !== undefined) last = run;
          if (what !== undefined) wrong.push(what);
          if (done === true) isDone = true;
          clearTimeout(watchdog);
          watchdog = setTimeout(() => child.signal('SIGKILL'), HANG);
        });
        const ending = await child.end();
        clearTimeout(watchdog);
        assert.deepStrictEqual(wrong, []);
        assert.equal(ending, 0, `ended by ${ending} at: ${last}`);
        assert.ok(isDone);
      }),
    );
  });

  it('has records that would end a process which believes them: misses', async () => {
    const child = new Child('./hostile-process.js', freshLocation());
    let last: unknown;
    child.onMessage((message) => {
      last = message;
    });
    const watchdog = setTimeout(() => child.signal('SIGKILL'), HANG);
    assert.equal(await child.end(), 0, `ended at: ${last}`);
    clearTimeout(watchdog);
    assert.ok(Number(last) > 20, `${last} were read`);
  });

  it('that is too short or too long is refused', () => {
    for (const length of [0, 100, 5000, 131_071, 131_073, 200_000]) {
      const location = freshLocation();
      new SharedCache({ location, maxBytes: '128kb' }).closeSync();
      truncateSync(location, length);
      assert.throws(() => new SharedCache({ location, maxBytes: '128kb' }), SegmentError);
    }
  });
});

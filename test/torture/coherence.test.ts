import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SharedCache } from 'locmem';
import { Child, freshLocation, timeOf } from './shared-place.js';

const HANG = 30_000;

describe('what was written when a write has returned', () => {
  it('is what every process and thread reads from then on, or something newer, from its near cache too', async () => {
    const location = freshLocation();
    const milliseconds = timeOf('coherence', 3000);
    const readers = [1, 2].map(() => new Child('./coherence-process.js', 'reader', location, String(milliseconds)));
    const thread = new Worker(new URL('./coherence-process.js', import.meta.url), {
      workerData: ['reader', location, milliseconds],
    });
    const reports = [...readers.map((one) => one.next()), once(thread, 'message').then(([report]) => report)];
    const writer = new Child('./coherence-process.js', 'writer', location, String(milliseconds));
    for (const report of (await Promise.all(reports)) as { checks: number; stale: number; misses: number }[]) {
      assert.equal(report.stale, 0, `${report.stale} of ${report.checks} reads were of an older value`);
      assert.ok(report.checks > 1000 && report.misses < report.checks / 100, `${report.misses} misses`);
    }
    assert.equal(await writer.end(), 0);
  });

  it('with a tag is nobody’s once that was deleted, and what is written then is there', async () => {
    const location = freshLocation();
    const milliseconds = String(timeOf('coherence', 2000));
    const readers = [1, 2].map(() => new Child('./coherence-process.js', 'reader of tags', location, milliseconds));
    const writer = new Child('./coherence-process.js', 'writer of tags', location, milliseconds);
    type Report = { checks: number; stale: number; misses: number };
    const [written, ...read] = (await Promise.all([writer, ...readers].map((one) => one.next()))) as Report[];
    assert.equal(written!.misses, 0, `${written!.misses} of ${written!.checks} writes were lost`);
    for (const { checks, stale } of read)
      assert.equal(stale, 0, `${stale} of ${checks} reads were of what was deleted`);
    assert.ok(written!.checks > 100);
  });

  it('is seen by a loop that does nothing but look, however its code was compiled', async () => {
    const location = freshLocation();
    const cache = new SharedCache({ location, maxBytes: '1mb', ttl: null });
    cache.setSync('flag', 0);
    const looker = new Child('./look-process.js', location);
    const watchdog = setTimeout(() => looker.signal('SIGKILL'), HANG);
    for (let flag = 1; flag <= 5; flag++) {
      assert.equal(await looker.next(), 'looking');
      // Until its loop is running, and compiled.
      await sleep(300);
      cache.setSync('flag', flag);
    }
    assert.equal(await looker.end(), 0, 'a write was never seen');
    clearTimeout(watchdog);
    cache.closeSync();
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Child, freshLocation, timeOf } from './shared-place.js';

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
    for (const report of (await Promise.all(reports)) as { checks: number; stale: number }[]) {
      assert.equal(report.stale, 0, `${report.stale} of ${report.checks} reads were of an older value`);
      assert.ok(report.checks > 1000);
    }
    assert.equal(await writer.end(), 0);
  });
});

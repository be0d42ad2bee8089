import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { setImmediate } from 'node:timers/promises';

/** In this suite no promise may reject unheard. The runner would blame whichever test runs at the time. */
export function hearsAllRejections(): void {
  const unheard: unknown[] = [];
  const note = (reason: unknown) => unheard.push(reason);
  before(() => {
    process.on('unhandledRejection', note);
  });
  after(async () => {
    await setImmediate();
    process.off('unhandledRejection', note);
    assert.deepStrictEqual(unheard, []);
  });
}

import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { isDueEarly } from '#dist/load/early-refresh.js';

const entry = (left: number, loadTime: number) => ({ value: 1, left, loadTime, tags: [] });

/** Whether it is due where chance draws this. */
function isDue(chance: number, left: number, loadTime: number, eagerness: number): boolean {
  const random = mock.method(Math, 'random', () => chance);
  try {
    return isDueEarly(entry(left, loadTime), eagerness);
  } finally {
    random.mock.restore();
  }
}

describe('early refresh', () => {
  it('is due when what is left is no more than load time × eagerness × -ln(chance)', () => {
    const drawn = -Math.log(0.25);
    assert.equal(isDue(0.25, 100 * drawn + 0.001, 100, 1), false);
    assert.equal(isDue(0.25, 100 * drawn - 0.001, 100, 1), true);
    assert.equal(isDue(0.25, 50 * drawn + 0.001, 100, 0.5), false);
    assert.equal(isDue(0.25, 50 * drawn - 0.001, 100, 0.5), true);
  });

  it('is due at once for the least chance there is, and never beyond what that can draw', () => {
    assert.equal(isDue(2 ** -53, 36.7 * 100, 100, 1), true);
    assert.equal(isDue(0, 37 * 100, 100, 1), true);
    assert.equal(isDue(0, 37 * 100 + 1, 100, 1), false);
  });

  it('is never due without eagerness, of what never expires, or where no load time is known', () => {
    assert.equal(isDue(0, 1, 100, 0), false);
    assert.equal(isDue(0, Number.POSITIVE_INFINITY, 100, 1), false);
    assert.equal(isDue(0, 1, 0, 1), false);
  });

  it('of many who ask at that time, as many begin as the exponential distribution says', () => {
    let due = 0;
    for (let i = 0; i < 20_000; i++) if (isDueEarly(entry(200, 100), 1)) due++;
    // e^-2 of them: 2,707, with a standard deviation of 48.
    assert.ok(Math.abs(due - 20_000 * Math.exp(-2)) < 300, `${due}`);
  });
});

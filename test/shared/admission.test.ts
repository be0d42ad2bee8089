import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Admission, VERDICT } from '#dist/shared/admission.js';
import { GONE } from '#dist/shared/departed-keys.js';
import { admissionWords, SHARD, USE } from '#dist/shared/layout.js';

const SLOTS = 64;
const FIRST = 64;
const { REJECTED, MORE_USED, MORE_RECENT } = VERDICT;

function words(): Int32Array {
  const all = new Int32Array(FIRST + admissionWords(SLOTS) + 8);
  all[SHARD.ENTRIES] = SLOTS;
  return all;
}

/** Keys as the segment's hash would make them. */
function hash(key: number): number {
  return Math.imul(key + 1, 0x9e3779b1);
}

/** How often so many candidates, no more used than their victims, are let in. */
function letIn(admission: Admission, first: number, count: number): number {
  let all = 0;
  for (let key = first; key < first + count; key++) {
    const use = admission.entered(hash(key));
    if (admission.verdict(hash(key), use, hash(-7), 0) === MORE_RECENT) all++;
  }
  return all;
}

describe('admission to the main log', () => {
  it('is for what was used more often than what would have to go, by a margin', () => {
    const admission = new Admission(words(), FIRST, SLOTS);
    admission.entered(hash(1));
    admission.entered(hash(2));
    const verdict = (visits: number, victims: number) => admission.verdict(hash(1), visits, hash(2), victims);
    assert.equal(verdict(0, 0), REJECTED, 'as often');
    assert.equal(verdict(1, 0), REJECTED, 'once more');
    assert.equal(verdict(2, 0), MORE_USED, 'twice more');
    assert.equal(verdict(3, 3), REJECTED, 'both were hit');
  });

  it('remembers keys that are gone: one that comes back again and again is let in', () => {
    const admission = new Admission(words(), FIRST, SLOTS);
    admission.entered(hash(2));
    for (let i = 0; i < 4; i++) admission.entered(hash(1));
    assert.equal(admission.verdict(hash(1), 0, hash(2), 0), MORE_USED);
  });

  it('counts the hits of an entry when it comes to the end of a log', () => {
    const admission = new Admission(words(), FIRST, SLOTS);
    admission.left(hash(1), 3);
    assert.equal(admission.verdict(hash(1), 0, hash(2), 0), MORE_USED);
  });

  it('forgets what was hot long ago', () => {
    const admission = new Admission(words(), FIRST, SLOTS);
    for (let i = 0; i < 5; i++) admission.left(hash(1), 3);
    for (let key = 100; key < 100 + 50 * SLOTS; key++) admission.entered(hash(key));
    admission.left(hash(2), 3);
    admission.left(hash(2), 3);
    assert.equal(admission.verdict(hash(2), 3, hash(1), 0), MORE_USED);
  });

  it('turns to recency when rejected keys come back before LRU would have dropped them', () => {
    const admission = new Admission(words(), FIRST, SLOTS);
    const before = letIn(admission, 1000, 100);
    for (let round = 0; round < 4; round++) {
      for (let key = 0; key < 10; key++) admission.left(hash(key), 0, GONE.AS_RARE);
      for (let key = 0; key < 10; key++) admission.entered(hash(key));
    }
    const after = letIn(admission, 2000, 100);
    assert.ok(before < 10 && after > 80, `${before} and ${after} of 100`);
  });

  it('does not when they come back later than that, as in a loop', () => {
    const admission = new Admission(words(), FIRST, SLOTS);
    for (let round = 0; round < 4; round++) {
      for (let key = 0; key < 10; key++) admission.left(hash(key), 0, GONE.AS_RARE);
      for (let key = 0; key < 2 * SLOTS; key++) admission.entered(hash(5000 * (round + 1) + key));
      for (let key = 0; key < 10; key++) admission.entered(hash(key));
    }
    assert.ok(letIn(admission, 100_000, 100) < 10);
  });

  it('turns back when what had to go for the recent comes back, or what stayed is used after LRU had dropped it', () => {
    for (const evidence of [
      (admission: Admission, key: number) => {
        admission.left(hash(key), 0, GONE.FOR_RECENT);
        admission.entered(hash(key));
      },
      (admission: Admission, key: number) => {
        const use = admission.admitted(hash(key), 0, MORE_USED);
        for (let other = 0; other < 2 * SLOTS; other++) admission.entered(hash(10_000 * (key + 1) + other));
        admission.stayed(hash(key), use | 1);
      },
    ]) {
      const admission = new Admission(words(), FIRST, SLOTS);
      const recent = admission.admitted(hash(1), 0, MORE_RECENT);
      assert.equal(recent & USE.WAS_RECENT, USE.WAS_RECENT);
      for (let i = 0; i < 5; i++) admission.stayed(hash(1), recent | 2);
      assert.ok(letIn(admission, 900_000, 100) > 50, 'recent entries were used');
      for (let key = 0; key < 20; key++) evidence(admission, key);
      assert.ok(letIn(admission, 950_000, 100) < 20, 'then the others');
    }
  });

  it('takes whatever stands in its words for a state, and writes nowhere else', () => {
    const size = admissionWords(SLOTS);
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: size, maxLength: size }),
        fc.array(fc.tuple(fc.integer(), fc.integer()), { maxLength: 50 }),
        (state, calls) => {
          const all = words();
          all.set(state, FIRST);
          all[SHARD.ENTRIES] = state[0]!;
          const admission = new Admission(all, FIRST, SLOTS);
          for (const [key, use] of calls) {
            assert.equal(admission.entered(key) & ~USE.TIME, 0);
            admission.left(key, use, GONE.AS_RARE);
            assert.ok([REJECTED, MORE_USED, MORE_RECENT].includes(admission.verdict(key, use, use, key) as 0));
            assert.equal(admission.stayed(key, use) & ~USE.TIME, 0);
          }
          assert.ok(all.subarray(FIRST + size).every((word) => word === 0));
          assert.ok(all.subarray(0, FIRST).every((word, i) => i === SHARD.ENTRIES || word === 0));
        },
      ),
    );
  });
});

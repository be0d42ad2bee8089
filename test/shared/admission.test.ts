import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Admission } from '#dist/shared/admission.js';
import { admissionWords, SHARD } from '#dist/shared/layout.js';

const SLOTS = 64;
const FIRST = 64;

function words(): Int32Array {
  const all = new Int32Array(FIRST + admissionWords(SLOTS) + 8);
  all[SHARD.ENTRIES] = SLOTS;
  return all;
}

describe('admission to the main log', () => {
  it('is for what was used more often than what would have to go, by a margin', () => {
    const admission = new Admission(words(), FIRST, SLOTS);
    admission.entered(11);
    admission.entered(22);
    assert.equal(admission.promotes(11, 0, 22, 0), false, 'as often');
    assert.equal(admission.promotes(11, 1, 22, 0), false, 'once more');
    assert.equal(admission.promotes(11, 2, 22, 0), true, 'twice more');
    assert.equal(admission.promotes(11, 3, 22, 3), false, 'both were hit');
  });

  it('remembers keys that are gone: one that comes back again and again is let in', () => {
    const admission = new Admission(words(), FIRST, SLOTS);
    admission.entered(22);
    for (let i = 0; i < 4; i++) admission.entered(11);
    assert.equal(admission.promotes(11, 0, 22, 0), true);
  });

  it('counts the hits of an entry when it comes to the end of a log', () => {
    const admission = new Admission(words(), FIRST, SLOTS);
    admission.left(11, 3);
    assert.equal(admission.promotes(11, 0, 22, 0), true);
  });

  it('forgets what was hot long ago', () => {
    const admission = new Admission(words(), FIRST, SLOTS);
    for (let i = 0; i < 5; i++) admission.left(11, 3);
    for (let key = 100; key < 100 + 50 * SLOTS; key++) admission.entered(Math.imul(key, 0x9e3779b1));
    admission.entered(22);
    admission.left(22, 3);
    admission.left(22, 3);
    assert.equal(admission.promotes(22, 3, 11, 0), true);
  });

  it('takes whatever stands in its words for a state, and writes nowhere else', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: SLOTS + 2, maxLength: SLOTS + 2 }),
        fc.array(fc.tuple(fc.integer(), fc.integer()), { maxLength: 50 }),
        (state, calls) => {
          const all = words();
          all.set(state, FIRST);
          all[SHARD.ENTRIES] = state[0]!;
          const admission = new Admission(all, FIRST, SLOTS);
          for (const [hash, meta] of calls) {
            admission.entered(hash);
            admission.left(hash, meta);
            assert.equal(typeof admission.promotes(hash, meta, meta, hash), 'boolean');
          }
          assert.ok(all.subarray(FIRST + admissionWords(SLOTS)).every((word) => word === 0));
          assert.ok(all.subarray(0, FIRST).every((word, i) => i === SHARD.ENTRIES || word === 0));
        },
      ),
    );
  });
});

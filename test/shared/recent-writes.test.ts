import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { WRITES } from '#dist/shared/layout.js';
import { RecentWrites } from '#dist/shared/recent-writes.js';

const FIRST = 3;
const GROUPS = 4;

/** Keys of all groups, of which some share one: the group is chosen by the highest bits. */
const hashes = fc.tuple(fc.nat(GROUPS - 1), fc.integer({ min: 1, max: 12 })).map(([group, i]) => (group << 30) | i | 0);

function table(count = 0): RecentWrites {
  const words = new Int32Array(FIRST + GROUPS * WRITES.GROUP_WORDS);
  for (let group = 0; group < GROUPS; group++) {
    const at = FIRST + group * WRITES.GROUP_WORDS;
    // As if so many writes, long ago, had been of other keys.
    words.fill(count, at, at + 2);
    words.fill(count, at + WRITES.HASHES + WRITES.KEYS, at + WRITES.GROUP_WORDS);
  }
  return new RecentWrites(words, FIRST, GROUPS);
}

describe('the table of recent writes', () => {
  it('knows of every write of a key since a moment, whatever else was written', () => {
    const counts = fc.constantFrom(0, 5, 2 ** 31 - 4, -3);
    fc.assert(
      fc.property(counts, fc.array(hashes), hashes, fc.array(hashes), (count, before, key, after) => {
        const writes = table(count);
        for (const hash of before) writes.add(hash);
        const moment = writes.now(key);
        assert.equal(writes.hasSince(key, moment), false);
        for (const hash of after) writes.add(hash);
        if (after.includes(key)) assert.equal(writes.hasSince(key, moment), true);
      }),
    );
  });

  it('takes no key for written of whose group nothing had to be forgotten since', () => {
    fc.assert(
      fc.property(fc.array(hashes), hashes, hashes, (before, key, other) => {
        const writes = table();
        for (const hash of before) writes.add(hash);
        writes.add(other);
        const moment = writes.now(key);
        // One that is known already, however often.
        for (let i = 0; i < 100; i++) writes.add(other);
        assert.equal(writes.hasSince(key, moment), key === other);
      }),
    );
  });

  it('forgets no write unnoticed, however long nothing had to be forgotten', () => {
    const words = new Int32Array(WRITES.GROUP_WORDS);
    const writes = new RecentWrites(words, 0, 1);
    writes.add(1);
    // As if this one key had been written ever since.
    const at = words.indexOf(1, WRITES.HASHES);
    words[0] = 2 ** 31 + 5;
    words[at + WRITES.KEYS] = words[0];
    const moment = writes.now(1);
    writes.add(1);
    for (let hash = 2; hash < 9; hash++) writes.add(hash);
    assert.equal(writes.hasSince(1, moment), true);
  });

  it('knows the last key that was written among many of one group', () => {
    const writes = table();
    const moment = writes.now(1);
    writes.add(2);
    assert.equal(writes.hasSince(1, moment), false);
    for (let hash = 3; hash < 40; hash++) writes.add(hash);
    // Too many to know: taken for written.
    assert.equal(writes.hasSince(1, moment), true);
    assert.equal(writes.hasSince(1, writes.now(1)), false);
  });
});

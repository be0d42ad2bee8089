import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Holding } from './memory-process.js';
import { Child, freshLocation } from './shared-place.js';

const MB = 2 ** 20;

interface Report {
  readonly holdings: Holding[];
  readonly sets: number;
  readonly evictions: number;
}

describe('a million sets through 32 MB', () => {
  it('leave the file as large as it was, the heap flat, and no handle behind', async () => {
    const child = new Child('./memory-process.js', freshLocation());
    const { holdings, sets, evictions } = (await child.next()) as Report;
    assert.equal(await child.end(), 0);
    assert.ok(sets >= 1_000_000 && evictions > 100_000, `${sets} sets, ${evictions} evictions`);
    // In the first rounds code is compiled, and scratch memory and the near cache find their size.
    const [settled, ...later] = holdings.slice(4);
    for (const one of later) {
      assert.equal(one.fileBytes, 32 * MB);
      assert.deepStrictEqual(
        [one.files, one.handles, one.mappings],
        [settled!.files, settled!.handles, 1],
        'open files, handles, mappings',
      );
    }
    // 500,000 sets later: a byte lost in each would be more than this. Near values differ in size from round to round.
    const growth = later.at(-1)!.reachable - settled!.reachable;
    assert.ok(growth < MB / 2, `${growth} bytes more can be reached`);
    // The allocator's own moods are larger; thirty-two bytes lost in each set would be as much.
    const own = Math.min(...later.slice(-2).map((one) => one.own)) - settled!.own;
    assert.ok(own < 16 * MB, `${own} bytes more are the process's own`);
  });
});

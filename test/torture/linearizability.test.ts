import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type Call, isLinearizable, KEYS } from './history.js';
import { Child, freshLocation, timeOf } from './shared-place.js';

const CALLS = 3000;
/** As many at least. */
const ROUNDS = 2;

function at(start: number, end: number, operation: Call['operation'], result: Call['result'], value?: number): Call {
  return { start: BigInt(start), end: BigInt(end), operation, result, ...(value === undefined ? {} : { value }) };
}

describe('the checker of histories', () => {
  for (const [title, calls] of [
    [
      'one after the other',
      [at(0, 1, 'set', null, 5), at(2, 3, 'get', 5), at(4, 5, 'delete', true), at(6, 7, 'get', null)],
    ],
    ['a read beside a write, before it', [at(0, 9, 'set', null, 5), at(1, 2, 'get', null)]],
    ['a read beside a write, after it', [at(0, 9, 'set', null, 5), at(1, 2, 'get', 5)]],
    ['of two adds, one', [at(0, 9, 'add', true, 1), at(1, 8, 'add', false, 2), at(10, 11, 'get', 1)]],
    ['a touch of what is there', [at(0, 1, 'set', null, 5), at(2, 3, 'touch', true), at(4, 5, 'get', 5)]],
    ['a read beside a clear', [at(0, 1, 'set', null, 5), at(2, 9, 'clear', null), at(3, 4, 'get', 5)]],
    ['counts beside each other', [at(0, 1, 'set', null, 5), at(2, 9, 'incr', 7), at(3, 8, 'incr', 6)]],
  ] as [string, Call[]][]) {
    it(`accepts ${title}`, () => assert.equal(isLinearizable(calls), true));
  }

  for (const [title, calls] of [
    ['a read of what was overwritten', [at(0, 1, 'set', null, 5), at(2, 3, 'set', null, 6), at(4, 5, 'get', 5)]],
    ['a read of what was deleted', [at(0, 1, 'set', null, 5), at(2, 3, 'delete', true), at(4, 5, 'get', 5)]],
    ['a lost write', [at(0, 1, 'set', null, 5), at(2, 3, 'get', null)]],
    ['two reads that go back', [at(0, 9, 'set', null, 5), at(1, 2, 'get', 5), at(3, 4, 'get', null)]],
    ['two adds that both win', [at(0, 9, 'add', true, 1), at(1, 8, 'add', true, 2)]],
    ['a touch of what is gone', [at(0, 1, 'set', null, 5), at(2, 3, 'clear', null), at(4, 5, 'touch', true)]],
    ['a read of what was cleared', [at(0, 1, 'set', null, 5), at(2, 3, 'clear', null), at(4, 5, 'get', 5)]],
    [
      'a clear that takes effect twice',
      [at(0, 1, 'set', null, 5), at(2, 9, 'clear', null), at(3, 4, 'get', null), at(5, 6, 'get', 5)],
    ],
    ['a lost count', [at(0, 1, 'set', null, 5), at(2, 9, 'incr', 6), at(3, 8, 'incr', 6)]],
  ] as [string, Call[]][]) {
    it(`refuses ${title}`, () => assert.equal(isLinearizable(calls), false));
  }
});

/** A read that met a write in the middle, whose process had lost the processor, misses after 5 ms: it does not wait for it. */
function hasGivenUp({ operation, result, start, end }: Call): boolean {
  return operation === 'get' && result === null && end - start >= 5_000_000n;
}

describe('processes and threads that call at once', () => {
  it('see each key change in one order', async () => {
    const end = Date.now() + timeOf('histories', 0);
    for (let round = 0; round < ROUNDS || Date.now() < end; round++) {
      const location = freshLocation();
      const children = ['1', '2'].map((writer) => new Child('./history-process.js', location, writer, String(CALLS)));
      const threads = ['3', '4'].map(
        (writer) =>
          new Worker(new URL('./history-process.js', import.meta.url), { workerData: [location, writer, CALLS] }),
      );
      await Promise.all([
        ...children.map((child) => child.next()),
        ...threads.map((thread) => once(thread, 'message')),
      ]);
      const done = [
        ...children.map((child) => child.next()),
        ...threads.map(async (one) => (await once(one, 'message'))[0]),
      ];
      for (const child of children) child.send('go');
      for (const thread of threads) thread.postMessage('go');
      const all = ((await Promise.all(done)) as [string, Call][][]).flat();
      assert.equal(all.length, 4 * CALLS);
      for (const key of KEYS) {
        const calls = all
          .filter(([name]) => name === key || name === '')
          .flatMap(([, call]) => (hasGivenUp(call) ? [] : [call]));
        assert.ok(isLinearizable(calls), `${calls.length} calls of ${key}`);
      }
      for (const thread of threads) await thread.terminate();
    }
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LocMemCache } from 'locmem';
import { Snapshot } from '#dist/core/snapshot.js';
import { estimateEntrySize } from '#dist/locmem/entry-size.js';

/** How much larger the estimate of `value` is than that of `other`. */
const more = (value: unknown, other: unknown): number => estimateEntrySize(value, 'k') - estimateEntrySize(other, 'k');

const LONG = 10_000;

describe('the estimate of the size of an entry', () => {
  for (const [title, long, short] of [
    ['text', 'x'.repeat(LONG), ''],
    ['the message of an error', withStack(new Error('x'.repeat(LONG))), withStack(new Error(''))],
    ['the stack of an error', withStack(new Error(''), 'x'.repeat(LONG)), withStack(new Error(''))],
    ['the cause of an error', withStack(new Error('', { cause: 'x'.repeat(LONG) })), withStack(new Error(''))],
    ['the source of a regular expression', new RegExp('x'.repeat(LONG)), /x/],
    ['a boxed string', Object('x'.repeat(LONG)), Object('')],
  ] as [string, unknown, unknown][]) {
    it(`counts two bytes a character: ${title}`, () => {
      for (const [one, other] of [
        [long, short],
        [[long], [short]],
        [new Map([[long, 1]]), new Map([[short, 1]])],
      ]) {
        const difference = more(one, other);
        assert.ok(difference >= 2 * (LONG - 1) && difference <= 2 * LONG + 100, `${difference} bytes`);
      }
    });
  }

  it('counts the characters of the key', () => {
    assert.equal(estimateEntrySize(1, 'x'.repeat(LONG)) - estimateEntrySize(1, ''), 2 * LONG);
  });

  it('counts the bytes of a bigint, whatever its sign', () => {
    for (const sign of [1n, -1n]) {
      const difference = more(sign * 2n ** BigInt(8 * LONG), 1n);
      assert.ok(Math.abs(difference - LONG) < 10, `${difference} bytes`);
    }
    assert.ok(more(Object(2n ** BigInt(8 * LONG)), Object(1n)) > LONG - 10);
  });

  it('counts the bytes of buffers and views, and of a view no more than it shows', () => {
    const bytes = new Uint8Array(LONG);
    for (const value of [
      bytes,
      bytes.buffer,
      Buffer.alloc(LONG),
      new DataView(bytes.buffer),
      new Float64Array(LONG / 8),
    ])
      assert.ok(Math.abs(estimateEntrySize(value, '') - LONG) < 100);
    assert.ok(estimateEntrySize(bytes.subarray(0, 10), '') < 100);
  });

  it('counts the names of an object that has too many fields to share them', () => {
    const object = (fields: number, name: string) =>
      Object.fromEntries(Array.from({ length: fields }, (_, i) => [`${name}${i}`, 1]));
    const long = 'x'.repeat(100);
    assert.equal(more(object(32, long), object(32, '')), 0);
    assert.equal(more(object(33, long), object(33, '')), 33 * 200);
    assert.equal(more({ deep: [object(1000, long)] }, { deep: [object(1000, '')] }), 1000 * 200);
  });

  it('counts what stands in Maps and Sets', () => {
    const text = 'x'.repeat(LONG);
    for (const value of [new Map([[text, 1]]), new Map([[1, text]]), new Set([text]), { in: new Set([[text]]) }])
      assert.ok(estimateEntrySize(value, '') > 2 * LONG);
  });

  it('counts what is shared once, and ends in cycles', () => {
    const shared = ['x'.repeat(LONG)];
    assert.ok(more([shared, shared], [shared]) < 100);
    const loop: unknown[] = [];
    loop.push(loop, new Map([[loop, loop]]));
    assert.ok(estimateEntrySize(loop, '') < 200);
  });

  it('is that of the value for what the cache keeps of it', () => {
    for (const value of [{ a: [1, 'two'] }, new Map([[1, {}]]), [new Error('e')]])
      assert.equal(estimateEntrySize(Snapshot.of(value), 'k'), estimateEntrySize(value, 'k'));
  });

  it('follows a list of any length, by reference', () => {
    let list: object | null = null;
    for (let i = 0; i < 100_000; i++) list = { value: i, next: list };
    const cache = new LocMemCache({ values: 'reference', maxSize: '64mb' });
    cache.setSync('k', list);
    assert.equal(cache.getSync('k'), list);
    assert.ok(cache.statsSync().bytes! > 100_000 * 24);
    cache.setSync('mixed', [new Map([['list', list]]), new Set([list]), new Error('e', { cause: list })]);
    assert.ok(cache.hasSync('mixed'));
  });
});

/** Without the stack of this test, which differs from line to line. */
function withStack(error: Error, stack = ''): Error {
  error.stack = stack;
  return error;
}

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { type Subject, spec } from './subject.js';

const NOT_NUMBERS = ['1', '', null, true, 5n, [1], { n: 1 }, new Date(0)];

export function counters(subject: Subject): void {
  describe('counters', () => {
    spec(subject, 'incr adds 1 or delta, decr takes it away', async ({ cache }) => {
      await cache.set('n', 10);
      assert.equal(await cache.incr('n'), 11);
      assert.equal(await cache.incr('n', 5), 16);
      assert.equal(await cache.incr('n', -6), 10);
      assert.equal(await cache.incr('n', 0), 10);
      assert.equal(await cache.decr('n'), 9);
      assert.equal(await cache.decr('n', 10), -1);
      assert.equal(await cache.decr('n', -1), 0);
      assert.equal(await cache.get('n'), 0);
    });

    spec(subject, 'fractions and large numbers are numbers', async ({ cache }) => {
      await cache.set('n', 0.5);
      assert.equal(await cache.incr('n', 0.25), 0.75);
      await cache.set('n', 2 ** 52);
      assert.equal(await cache.incr('n', 1), 2 ** 52 + 1);
      assert.equal(await cache.get('n'), 2 ** 52 + 1);
    });

    spec(subject, 'a missing counter is a KeyNotFoundError, and none is made', async ({ cache }) => {
      const missing = { name: 'KeyNotFoundError', code: 'ERR_LOCMEM_KEY_NOT_FOUND', message: /'n'/ };
      await assert.rejects(cache.incr('n'), missing);
      await assert.rejects(cache.decr('n', 2), missing);
      await assert.rejects(cache.incr('n', 1, { version: 2 }), missing);
      assert.equal(await cache.has('n'), false);
    });

    spec(subject, 'a value that is not a number is a TypeError, and untouched', async ({ cache }) => {
      for (const value of NOT_NUMBERS) {
        await cache.set('n', value);
        await assert.rejects(cache.incr('n'), { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' });
        await assert.rejects(cache.decr('n'), { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' });
        assert.deepStrictEqual(await cache.get('n'), value);
      }
    });

    spec(
      subject,
      'a delta that is not a finite number is a TypeError, and the counter untouched',
      async ({ cache }) => {
        await cache.set('n', 1);
        for (const delta of [Number.NaN, Number.POSITIVE_INFINITY, '1', 1n, null, {}] as never[]) {
          await assert.rejects(cache.incr('n', delta), { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' });
          await assert.rejects(cache.decr('n', delta), { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' });
        }
        assert.equal(await cache.get('n'), 1);
      },
    );

    spec(subject, 'concurrent increments all count', async ({ cache, place }) => {
      const other = await place.open();
      await cache.set('n', 0);
      const sums = await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 ? cache : other).incr('n')));
      assert.equal(new Set(sums).size, 100);
      assert.equal(await cache.get('n'), 100);
    });
  });
}

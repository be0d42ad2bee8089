import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { type Subject, spec } from './subject.js';
import { timesOf } from './times.js';

const DISTINCT_KEYS = [
  'a',
  'A',
  'a:1',
  '1:a',
  ':1:a',
  ':',
  '1',
  '__proto__',
  'constructor',
  'toString',
  'ключ',
  '鍵',
  '🔑',
  'é',
  'e\u0301',
  'k'.repeat(200),
  'k'.repeat(201),
];

export function readingAndWriting(subject: Subject): void {
  const { late, second } = timesOf(subject);

  describe('reading and writing', () => {
    spec(subject, 'a missing entry is undefined', async ({ cache }) => {
      assert.equal(await cache.get('k'), undefined);
      assert.equal(await cache.get('k', {}), undefined);
    });

    spec(subject, 'a missing entry is the default where one is given', async ({ cache }) => {
      assert.equal(await cache.get('k', { default: 'none' }), 'none');
      assert.equal(await cache.get('k', { default: null }), null);
      assert.equal(await cache.get('k', { default: 0, version: 2 }), 0);
    });

    spec(subject, 'a default is not stored', async ({ cache }) => {
      await cache.get('k', { default: 'none' });
      assert.equal(await cache.has('k'), false);
    });

    spec(subject, 'what was set is read, and set resolves to undefined', async ({ cache }) => {
      assert.equal(await cache.set('k', 'v'), undefined);
      assert.equal(await cache.get('k'), 'v');
      assert.equal(await cache.get('k', { default: 'none' }), 'v');
    });

    spec(subject, 'a falsy value is a value', async ({ cache }) => {
      for (const value of [null, 0, -0, Number.NaN, false, '', 0n]) {
        await cache.set('k', value);
        assert.deepStrictEqual(await cache.get('k', { default: 'none' }), value);
        assert.equal(await cache.has('k'), true);
        assert.equal(await cache.add('k', 'other'), false);
        assert.deepStrictEqual(await cache.getMany(['k']), new Map([['k', value]]));
        assert.deepStrictEqual(await cache.getOrSet<unknown>('k', 'other'), value);
      }
    });

    spec(subject, 'set replaces what was there', async ({ cache }) => {
      await cache.set('k', 'old');
      await cache.set('k', { new: true });
      assert.deepStrictEqual(await cache.get('k'), { new: true });
      await cache.set('k', 'text again');
      assert.equal(await cache.get('k'), 'text again');
    });

    spec(subject, 'add stores at a free key', async ({ cache }) => {
      assert.equal(await cache.add('k', 'first'), true);
      assert.equal(await cache.get('k'), 'first');
    });

    spec(subject, 'add leaves an entry as it is', async ({ cache, place }) => {
      await cache.set('k', 'first', second);
      assert.equal(await cache.add('k', 'second', 9 * second), false);
      assert.equal(await cache.get('k'), 'first');
      await place.advance(second + late);
      assert.equal(await cache.get('k'), undefined);
    });

    spec(subject, 'has tells whether the key is there', async ({ cache }) => {
      assert.equal(await cache.has('k'), false);
      await cache.set('k', null);
      assert.equal(await cache.has('k'), true);
    });

    spec(subject, 'delete removes the entry, and tells whether it was there', async ({ cache }) => {
      await cache.set('k', 1);
      assert.equal(await cache.delete('k'), true);
      assert.equal(await cache.get('k'), undefined);
      assert.equal(await cache.delete('k'), false);
    });

    spec(subject, 'a deleted key can be added again', async ({ cache }) => {
      await cache.set('k', 'old');
      await cache.delete('k');
      assert.equal(await cache.add('k', 'new'), true);
      assert.equal(await cache.get('k'), 'new');
    });

    spec(subject, 'clear empties the cache, which can be used again', async ({ cache }) => {
      await cache.setMany({ a: 1, b: 2 });
      await cache.set('c', 3, { version: 7 });
      assert.equal(await cache.clear(), undefined);
      assert.deepStrictEqual(await cache.getMany(['a', 'b']), new Map());
      assert.equal(await cache.get('c', { version: 7 }), undefined);
      await cache.set('a', 'again');
      assert.equal(await cache.get('a'), 'again');
    });

    spec(subject, 'keys that differ at all are different keys', async ({ cache }) => {
      for (const [index, key] of DISTINCT_KEYS.entries()) await cache.set(key, index);
      for (const [index, key] of DISTINCT_KEYS.entries()) assert.equal(await cache.get(key), index, key);
      assert.equal(await cache.delete('__proto__'), true);
      assert.equal(await cache.get('constructor'), DISTINCT_KEYS.indexOf('constructor'));
    });

    spec(subject, 'two caches at one place see what the other writes', async ({ cache, place }) => {
      const other = await place.open();
      await cache.set('k', 1);
      assert.equal(await other.get('k'), 1);
      await other.set('k', 2);
      assert.equal(await cache.get('k'), 2);
      assert.equal(await other.delete('k'), true);
      assert.equal(await cache.has('k'), false);
    });

    spec(subject, 'concurrent adds of a key store one of them', async ({ cache, place }) => {
      const other = await place.open();
      const added = await Promise.all([cache.add('k', 0), other.add('k', 1), cache.add('k', 2), other.add('k', 3)]);
      assert.equal(added.filter(Boolean).length, 1);
      assert.equal(await cache.get('k'), added.indexOf(true));
    });
  });
}

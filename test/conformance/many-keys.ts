import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { type Subject, spec } from './subject.js';

function* each<T>(...items: T[]): Iterable<T> {
  yield* items;
}

export function manyKeys(subject: Subject): void {
  describe('many keys at once', () => {
    spec(subject, 'getMany is a Map of those found, in the order asked', async ({ cache }) => {
      await cache.setMany({ a: 1, b: null, c: 3 });
      const found = await cache.getMany(['c', 'missing', 'b', 'a']);
      assert.deepStrictEqual(
        [...found],
        [
          ['c', 3],
          ['b', null],
          ['a', 1],
        ],
      );
      assert.ok(found instanceof Map);
    });

    spec(subject, 'getMany and deleteMany take any iterable', async ({ cache }) => {
      await cache.setMany({ a: 1, b: 2, c: 3 });
      assert.equal((await cache.getMany(new Set(['a', 'b']))).size, 2);
      assert.equal((await cache.getMany(each('a', 'b', 'c'))).size, 3);
      assert.equal((await cache.getMany(new Map([['a', 0]]).keys())).size, 1);
      assert.equal(await cache.deleteMany(each('a', 'x')), 1);
      assert.equal(await cache.deleteMany(new Set(['b', 'c'])), 2);
    });

    spec(subject, 'a key named twice is one key, at its first place', async ({ cache }) => {
      await cache.setMany({ a: 1, b: 2 });
      assert.deepStrictEqual([...(await cache.getMany(['b', 'a', 'b'])).keys()], ['b', 'a']);
      assert.equal(await cache.deleteMany(['a', 'a', 'a']), 1);
    });

    spec(subject, 'deleteMany removes them, and counts those that were there', async ({ cache }) => {
      await cache.setMany({ a: 1, b: 2, c: 3 });
      assert.equal(await cache.deleteMany(['a', 'missing', 'c']), 2);
      assert.deepStrictEqual(await cache.getMany(['a', 'b', 'c']), new Map([['b', 2]]));
    });

    spec(subject, 'setMany takes an object, a Map or any iterable of pairs', async ({ cache }) => {
      assert.deepStrictEqual(await cache.setMany({ a: 1, b: [2] }), []);
      assert.deepStrictEqual(await cache.setMany(new Map([['c', 3]])), []);
      assert.deepStrictEqual(await cache.setMany([['d', 4]]), []);
      assert.deepStrictEqual(await cache.setMany(each(['e', 5] as const, ['f', 6] as const)), []);
      assert.deepStrictEqual(Object.fromEntries(await cache.getMany(['a', 'b', 'c', 'd', 'e', 'f'])), {
        a: 1,
        b: [2],
        c: 3,
        d: 4,
        e: 5,
        f: 6,
      });
    });

    spec(subject, 'an object given to setMany may name a key __proto__', async ({ cache }) => {
      await cache.setMany(JSON.parse('{"__proto__": 1, "constructor": 2}'));
      assert.deepStrictEqual([...(await cache.getMany(['__proto__', 'constructor'])).values()], [1, 2]);
    });

    spec(subject, 'the last of two pairs with one key is stored', async ({ cache }) => {
      const pairs = [
        ['k', 'first'],
        ['k', 'last'],
      ] as const;
      assert.deepStrictEqual(await cache.setMany(pairs), []);
      assert.equal(await cache.get('k'), 'last');
    });

    spec(subject, 'nothing at all is taken, and changes nothing', async ({ cache }) => {
      await cache.set('k', 1);
      assert.deepStrictEqual(await cache.getMany([]), new Map());
      assert.deepStrictEqual(await cache.setMany({}), []);
      assert.deepStrictEqual(await cache.setMany([]), []);
      assert.equal(await cache.deleteMany([]), 0);
      assert.equal(await cache.get('k'), 1);
    });

    spec(subject, 'one bad key or value rejects a setMany whole', async ({ cache }) => {
      await cache.set('a', 'old');
      const bad: [entries: Iterable<readonly [string, unknown]>, name: string][] = [
        [each(['a', 1] as const, ['', 2] as const), 'TypeError'],
        [each(['a', 1] as const, [5 as never, 2] as const), 'TypeError'],
        [each(['a', 1] as const, ['b', undefined] as const), 'TypeError'],
        [each(['a', 1] as const, ['b', () => 1] as const), 'UncacheableValueError'],
        [each(['a', 1] as const, ['b', Symbol('s')] as const), 'UncacheableValueError'],
        [each(['a', 1] as const, 'ab' as never), 'TypeError'],
        [each(['a', 1] as const, ['b'] as never), 'TypeError'],
      ];
      for (const [entries, name] of bad) {
        await assert.rejects(cache.setMany(entries), { name });
        assert.deepStrictEqual(await cache.getMany(['a', 'b']), new Map([['a', 'old']]));
      }
    });

    spec(subject, 'what an iterable throws is the rejection, and nothing is stored', async ({ cache }) => {
      function* failing(): Iterable<readonly [string, unknown]> {
        yield ['a', 1];
        throw new RangeError('half way');
      }
      await assert.rejects(cache.setMany(failing()), RangeError);
      assert.equal(await cache.has('a'), false);
    });

    spec(subject, 'one bad key rejects a deleteMany and a getMany whole', async ({ cache }) => {
      await cache.set('a', 1);
      await assert.rejects(cache.deleteMany(['a', '']), TypeError);
      await assert.rejects(cache.getMany(['a', 5 as never]), TypeError);
      assert.equal(await cache.get('a'), 1);
    });
  });
}

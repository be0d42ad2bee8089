import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { isDeepFrozen, vandalize } from './reach.js';
import { type Subject, spec } from './subject.js';
import { HOLDING_UNCACHEABLE, OBJECTS, PRIMITIVES, UNCACHEABLE } from './value-kinds.js';

export function values(subject: Subject): void {
  const mode = subject.capabilities.values;

  describe('values', () => {
    spec(subject, 'every primitive is kept exactly', async ({ cache }) => {
      for (const { title, make } of PRIMITIVES) {
        await cache.set('k', make());
        assert.deepStrictEqual(await cache.get('k'), make(), title);
      }
    });

    for (const { title, make, kept = make } of mode === 'reference' ? [] : OBJECTS) {
      spec(subject, `${title} is read as an equal value`, async ({ cache }) => {
        await cache.set('k', make());
        assert.deepStrictEqual(await cache.get('k'), kept());
        assert.deepStrictEqual((await cache.getMany(['k'])).get('k'), kept());
        assert.deepStrictEqual(await cache.getOrSet('new', make), kept(), 'from getOrSet');
        assert.deepStrictEqual(await cache.get('new'), kept());
        assert.equal(await cache.add('added', make()), true);
        assert.deepStrictEqual(await cache.get('added'), kept());
      });
    }

    spec(subject, 'an invalid Date stays one', async ({ cache }) => {
      await cache.set('k', [new Date(Number.NaN)]);
      const [date] = (await cache.get<[Date]>('k'))!;
      assert.ok(date instanceof Date && Number.isNaN(date.getTime()));
    });

    spec(subject, 'undefined is refused: the old entry is untouched', async ({ cache }) => {
      await cache.set('k', 'old');
      const refusal = { name: 'TypeError', message: /undefined.*delete/, code: 'ERR_LOCMEM_INVALID_ARGUMENT' };
      await assert.rejects(cache.set('k', undefined), refusal);
      await assert.rejects(cache.add('free', undefined), refusal);
      await assert.rejects(cache.setMany({ k: 1, free: undefined }), refusal);
      await assert.rejects(cache.getOrSet('free', undefined), refusal);
      assert.deepStrictEqual(await cache.getMany(['k', 'free']), new Map([['k', 'old']]));
    });

    for (const { title, make } of mode === 'reference' ? UNCACHEABLE : [...UNCACHEABLE, ...HOLDING_UNCACHEABLE]) {
      spec(subject, `${title} is refused: the old entry is untouched`, async ({ cache }) => {
        const refusal = { name: 'UncacheableValueError', code: 'ERR_LOCMEM_UNCACHEABLE_VALUE' };
        await cache.set('k', 'old');
        await assert.rejects(cache.set('k', make()), refusal);
        await assert.rejects(cache.add('free', make()), refusal);
        await assert.rejects(cache.setMany({ k: 'new', free: make() }), refusal);
        // The async face waits for a promise that a factory returns.
        if (title !== 'a promise' || subject.face === 'sync')
          await assert.rejects(cache.getOrSet('free', make), refusal);
        assert.deepStrictEqual(await cache.getMany(['k', 'free']), new Map([['k', 'old']]));
      });
    }

    if (mode !== 'reference') {
      spec(subject, 'the refusal says where in the value it stands', async ({ cache }) => {
        const refused = cache.set('k', { user: { tags: ['a', { run: function walk() {} }] } });
        await assert.rejects(refused, { message: /user > tags > 1 > run.*walk/ });
      });

      for (const { title, make, kept = make } of OBJECTS) {
        spec(subject, `${title}: what is done to it reaches no other reader`, async ({ cache }) => {
          const own = make() as object;
          await cache.set('k', own);
          vandalize(own);
          for (const read of [
            () => cache.get('k'),
            async () => (await cache.getMany(['k'])).get('k'),
            () => cache.getOrSet('k', 'never'),
          ]) {
            const value = (await read()) as object;
            assert.deepStrictEqual(value, kept());
            vandalize(value);
          }
          assert.deepStrictEqual(await cache.get('k'), kept());
        });

        spec(subject, `${title}: who makes it in getOrSet has a value of his own`, async ({ cache }) => {
          const own = make() as object;
          const made = (await cache.getOrSet('k', () => own)) as object;
          assert.deepStrictEqual(made, kept());
          vandalize(own);
          vandalize(made);
          assert.deepStrictEqual(await cache.get('k'), kept());
        });
      }

      spec(subject, 'the cause of an Error is kept', async ({ cache }) => {
        await cache.set('k', new Error('outer', { cause: new TypeError('inner', { cause: { n: 1 } }) }));
        const outer = (await cache.get<Error>('k'))!;
        const inner = outer.cause as Error;
        assert.ok(inner instanceof TypeError);
        assert.equal(inner.message, 'inner');
        assert.deepStrictEqual(inner.cause, { n: 1 });
      });

      spec(subject, 'what stands in the cause of an Error is out of the reach of other readers', async ({ cache }) => {
        await cache.set('k', new Error('outer', { cause: { list: [1] } }));
        vandalize((await cache.get<Error>('k'))!.cause as object);
        assert.deepStrictEqual((await cache.get<Error>('k'))!.cause, { list: [1] });
      });

      spec(subject, 'shared references stay shared, cycles stay cycles', async ({ cache }) => {
        const one = { n: 1 };
        await cache.set('shared', [one, one, new Map([[one, one]])]);
        const [a, b, map] = (await cache.get<[object, object, Map<object, object>]>('shared'))!;
        assert.equal(a, b);
        assert.equal(map.get(a), a);
        await cache.set('plain', { a: one, list: [one] });
        const plain = (await cache.get<{ a: object; list: object[] }>('plain'))!;
        assert.equal(plain.list[0], plain.a);
        const loop: { self?: object; in: Set<object> } = { in: new Set() };
        loop.self = loop;
        loop.in.add(loop);
        await cache.set('loop', loop);
        const read = (await cache.get<typeof loop>('loop'))!;
        assert.equal(read.self, read);
        assert.ok(read.in.has(read));
      });

      spec(subject, 'a key named __proto__ is harmless', async ({ cache }) => {
        await cache.set('k', JSON.parse('{"__proto__": {"polluted": true}}'));
        const read = (await cache.get<Record<string, unknown>>('k'))!;
        assert.equal(Object.getPrototypeOf(read), Object.prototype);
        assert.equal(read.polluted, undefined);
        assert.deepStrictEqual(Object.keys(read), ['__proto__']);
        assert.equal(({} as Record<string, unknown>).polluted, undefined);
      });
    }

    if (mode === 'copy') {
      spec(subject, 'each reader has a value of his own', async ({ cache }) => {
        await cache.set('k', { list: [1] });
        const [a, b] = [await cache.get<object>('k'), await cache.get<object>('k')];
        assert.notEqual(a, b);
        assert.deepStrictEqual(a, b);
      });
    }

    if (mode === 'frozen') {
      spec(subject, 'plain data is one deeply frozen value, the same for all readers', async ({ cache }) => {
        const own = { list: [{ n: 1 }], nested: { deep: { deeper: [] } } };
        await cache.set('k', own);
        const read = (await cache.get<typeof own>('k'))!;
        assert.equal(await cache.get('k'), read);
        assert.equal(await cache.getOrSet('k', 'never'), read);
        assert.ok(isDeepFrozen(read));
        assert.ok(!Object.isFrozen(own), "the caller's own object is left alone");
        assert.throws(() => read.list.push({ n: 2 }), TypeError);
      });

      spec(subject, 'what cannot be frozen is copied, and what stands around it is frozen', async ({ cache }) => {
        await cache.set('k', { bytes: Buffer.from('b'), at: new Date(0), map: new Map(), list: [1] });
        const read = (await cache.get<{ bytes: Buffer; list: number[] }>('k'))!;
        assert.ok(Object.isFrozen(read) && Object.isFrozen(read.list));
        assert.notEqual((await cache.get<{ bytes: Buffer }>('k'))!.bytes, read.bytes);
      });
    }

    if (mode === 'reference') {
      spec(subject, 'a reader gets the stored object itself', async ({ cache }) => {
        for (const { title, make } of OBJECTS) {
          const own = make();
          await cache.set('k', own);
          assert.equal(await cache.get('k'), own, title);
          assert.equal((await cache.getMany(['k'])).get('k'), own, title);
          assert.equal(await cache.getOrSet('k', 'never'), own, title);
        }
        const made = { made: true };
        assert.equal(await cache.getOrSet('other', () => made), made);
      });
    }
  });
}

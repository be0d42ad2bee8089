import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Cache } from 'locmem';
import { type Subject, spec } from './subject.js';
import { timesOf } from './times.js';

class Failure extends Error {}

export function loading(subject: Subject): void {
  const { stores } = subject.capabilities;
  const { step, late, second } = timesOf(subject);

  describe('getOrSet', () => {
    spec(subject, 'the factory runs where the key is missing, and what it makes is returned', async ({ cache }) => {
      assert.equal(await cache.getOrSet('k', () => 'made'), 'made');
      assert.equal(await cache.getOrSet('other', 'a value'), 'a value');
      assert.equal(await cache.getOrSet('null', () => null), null);
    });

    spec(subject, 'a factory that fails gives its error, stores nothing, and may be tried again', async ({ cache }) => {
      const failure = new Failure('no');
      const failing = () => {
        throw failure;
      };
      await assert.rejects(cache.getOrSet('k', failing), failure);
      assert.equal(await cache.has('k'), false);
      assert.equal(await cache.getOrSet('k', () => 'made'), 'made');
    });

    spec(subject, 'what is thrown need not be an Error', async ({ cache }) => {
      const failing = () => {
        throw 'text';
      };
      await assert.rejects(cache.getOrSet('k', failing), (error) => error === 'text');
    });

    spec(subject, 'undefined is returned and not stored', async ({ cache }) => {
      let runs = 0;
      const load = () => {
        runs++;
        return undefined;
      };
      assert.equal(await cache.getOrSet('k', load), undefined);
      assert.equal(await cache.getOrSet('k', load), undefined);
      assert.equal(await cache.has('k'), false);
      assert.equal(runs, 2);
    });

    spec(subject, 'a factory that asks for its own key is a RecursiveLoadError', async ({ cache }) => {
      const ask = () => cache.getOrSet('k', () => 'inner');
      if (subject.face === 'async')
        await assert.rejects(cache.getOrSet('k', ask), { code: 'ERR_LOCMEM_RECURSIVE_LOAD' });
      assert.equal(await cache.getOrSet('k', () => 'made'), 'made');
    });

    spec(subject, 'a factory may use other keys, and load them', async ({ cache }) => {
      if (subject.face === 'sync') return;
      const made = await cache.getOrSet('outer', async () => (await cache.getOrSet('inner', () => 20)) + 1);
      assert.equal(made, 21);
    });

    if (!stores) return;

    spec(subject, 'what the factory made is stored, and the factory does not run again', async ({ cache }) => {
      let runs = 0;
      for (let i = 0; i < 3; i++)
        assert.deepStrictEqual(await cache.getOrSet('k', () => ({ run: ++runs })), { run: 1 });
      assert.deepStrictEqual(await cache.get('k'), { run: 1 });
    });

    spec(subject, 'a value that is not a function is stored as it is', async ({ cache }) => {
      assert.deepStrictEqual(await cache.getOrSet('k', { a: 1 }), { a: 1 });
      assert.deepStrictEqual(await cache.getOrSet('k', { a: 2 }), { a: 1 });
    });

    spec(subject, 'ttl and version are those of the call', async ({ cache, place }) => {
      await cache.getOrSet('k', () => 1, { ttl: second, version: 2 });
      assert.equal(await cache.has('k'), false);
      assert.equal(await cache.get('k', { version: 2 }), 1);
      await place.advance(second + late);
      assert.equal(await cache.getOrSet('k', () => 2, { version: 2 }), 2);
    });

    for (const [title, write] of Object.entries({
      delete: (cache) => cache.delete('k'),
      deleteMany: (cache) => cache.deleteMany(['k']),
      clear: (cache) => cache.clear(),
    } as Record<string, (cache: Cache) => Promise<unknown>>)) {
      spec(subject, `a ${title} by the factory itself wins: its value is returned, not stored`, async ({ cache }) => {
        let writing: Promise<unknown> | undefined;
        const load = () => {
          writing = write(cache);
          return 'made';
        };
        assert.equal(await cache.getOrSet('k', load), 'made');
        await writing;
        assert.equal(await cache.has('k'), false);
      });
    }

    spec(subject, 'a set by the factory itself wins', async ({ cache }) => {
      let setting: Promise<void> | undefined;
      const load = () => {
        setting = cache.set('k', 'set');
        return 'made';
      };
      assert.equal(await cache.getOrSet('k', load), 'made');
      await setting;
      assert.equal(await cache.get('k'), 'set');
    });
  });

  describe('wrap', () => {
    spec(subject, 'the function is called with its arguments and its this', async ({ cache }) => {
      const adder = {
        base: 100,
        add: cache.wrap(
          function (this: { base: number }, a: number, b: number) {
            return this.base + a + b;
          },
          { key: (a, b) => `sum:${a}:${b}` },
        ),
      };
      assert.equal(await adder.add(1, 2), 103);
    });

    spec(subject, 'the wrapped function has the name and the length of the function', async ({ cache }) => {
      const { name, length } = cache.wrap(async function loadUser(_id: number, _full: boolean) {}, { key: 'k' });
      assert.deepStrictEqual({ name, length }, { name: 'loadUser', length: 2 });
      assert.deepStrictEqual(
        [cache.wrap(() => 1, { key: 'k' }).name, cache.wrap(() => 1, { key: 'k' }).length],
        ['', 0],
      );
    });

    spec(subject, 'a rejection, a throw and a bad key reject', async ({ cache }) => {
      const failing = cache.wrap(
        () => {
          throw new Failure('no');
        },
        { key: 'k' },
      );
      await assert.rejects(failing(), Failure);
      await assert.rejects(cache.wrap(async () => Promise.reject(new Failure('no')), { key: 'k' })(), Failure);
      await assert.rejects(cache.wrap(() => 1, { key: () => '' })(), TypeError);
      const badKey = () => {
        throw new Failure('key');
      };
      await assert.rejects(cache.wrap(() => 1, { key: badKey })(), Failure);
    });

    if (!stores) return;

    spec(subject, 'calls with the same key are answered by the cache', async ({ cache }) => {
      let runs = 0;
      const square = cache.wrap(
        async (n: number) => {
          runs++;
          return n * n;
        },
        { key: (n) => `square:${n}` },
      );
      assert.deepStrictEqual([await square(3), await square(3), await square(4)], [9, 9, 16]);
      assert.equal(runs, 2);
      assert.equal(await cache.get('square:3'), 9);
    });

    spec(subject, 'a key that is text is the same for all arguments', async ({ cache }) => {
      const first = cache.wrap((n: number) => n, { key: 'k' });
      assert.deepStrictEqual([await first(1), await first(2)], [1, 1]);
    });

    spec(subject, 'ttl and version are those of wrap', async ({ cache, place }) => {
      let runs = 0;
      const count = cache.wrap(() => ++runs, { key: 'k', ttl: second, version: 2 });
      assert.equal(await count(), 1);
      assert.equal(await cache.get('k', { version: 2 }), 1);
      await place.advance(second - step);
      assert.equal(await count(), 1);
      await place.advance(step + late);
      assert.equal(await count(), 2);
    });
  });
}

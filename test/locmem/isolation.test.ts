import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { LocMemCache } from 'locmem';

const refused = { name: 'UncacheableValueError', code: 'ERR_LOCMEM_UNCACHEABLE_VALUE' };

describe("values: 'reference'", () => {
  for (const [title, make] of Object.entries({
    'a promise of another realm': () => runInNewContext('Promise.resolve(1)'),
    'a rejected one': () => runInNewContext('const p = Promise.reject(1); p.catch(() => {}); p'),
    // biome-ignore lint/suspicious/noThenProperty: it is what is refused.
    'a thenable': () => ({ then: (resolve: (value: number) => void) => resolve(1) }),
    'an instance of a class of thenables': () =>
      new (class Query {
        // biome-ignore lint/suspicious/noThenProperty: it is what is refused.
        then(resolve: (value: number) => void): void {
          resolve(1);
        }
      })(),
    'a WeakMap of another realm': () => runInNewContext('new WeakMap()'),
    'a function of another realm': () => runInNewContext('() => 1'),
  } as Record<string, () => unknown>)) {
    it(`refuses ${title}: the old entry is untouched`, () => {
      const cache = new LocMemCache({ values: 'reference' });
      cache.setSync('k', 'old');
      assert.throws(() => cache.setSync('k', make()), refused);
      assert.throws(() => cache.addSync('free', make()), refused);
      assert.throws(() => cache.setManySync({ k: 1, free: make() }), refused);
      assert.throws(() => cache.getOrSetSync('free', () => make()), refused);
      assert.deepStrictEqual(cache.getManySync(['k', 'free']), new Map([['k', 'old']]));
    });
  }

  it('waits for the thenable that a factory returns, as for any promise', async () => {
    const cache = new LocMemCache({ values: 'reference' });
    assert.equal(await cache.getOrSet('k', () => runInNewContext('Promise.resolve(5)')), 5);
    assert.equal(cache.getSync('k'), 5);
  });

  it('takes an object whose then is data', () => {
    const cache = new LocMemCache({ values: 'reference' });
    // biome-ignore lint/suspicious/noThenProperty: it is no method.
    const step = { if: 'a', then: 'b' };
    cache.setSync('k', step);
    assert.equal(cache.getSync('k'), step);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { LruPolicy } from '#dist/locmem/lru.js';
import { checkStore, oldestFirst } from './check-store.js';
import { DjangoModel } from './django-model.js';
import { opened } from './opened.js';

function keysAfterFilling(maxEntries: number, cullFrequency: number): string[] {
  const { cache, store, close } = opened({ maxEntries, cullFrequency });
  for (let i = 1; i <= maxEntries; i++) cache.setSync(`k${i}`, i);
  assert.equal(cache.statsSync().entries, maxEntries);
  cache.setSync('new', 0);
  checkStore(store);
  const keys = [...cache.keys()];
  close();
  return keys;
}

describe('cullFrequency', () => {
  it('n: the n-th part of all entries goes at once, the least recently used', () => {
    assert.deepStrictEqual(keysAfterFilling(9, 3), ['k4', 'k5', 'k6', 'k7', 'k8', 'k9', 'new']);
    assert.deepStrictEqual(keysAfterFilling(10, 3), ['k4', 'k5', 'k6', 'k7', 'k8', 'k9', 'k10', 'new']);
    assert.deepStrictEqual(keysAfterFilling(4, 2), ['k3', 'k4', 'new']);
  });

  it('0 empties the store', () => assert.deepStrictEqual(keysAfterFilling(5, 0), ['new']));

  it('1 culls all of it, too', () => assert.deepStrictEqual(keysAfterFilling(5, 1), ['new']));

  it('larger than maxEntries still makes room: the bound holds', () => {
    assert.deepStrictEqual(keysAfterFilling(3, 10), ['k2', 'k3', 'new']);
  });

  it('setting an existing key in a full store culls, as Django does', () => {
    const { cache, close } = opened({ maxEntries: 4, cullFrequency: 2 });
    for (const key of ['a', 'b', 'c', 'd']) cache.setSync(key, 1);
    cache.setSync('d', 2);
    assert.deepStrictEqual([...cache.keys()], ['c', 'd']);
    cache.setManySync({ e: 1, f: 1 });
    cache.setSync('c', 3);
    assert.deepStrictEqual([...cache.keys()].sort(), ['c', 'e', 'f']);
    assert.equal(cache.statsSync().evictions, 4);
    close();
  });

  it('goes with another policy, too, which chooses what goes', () => {
    const { cache, store, close } = opened({ maxEntries: 9, cullFrequency: 3, policy: 'tinylfu' });
    for (let i = 0; i < 9; i++) cache.setSync(`k${i}`, i);
    cache.setSync('new', 1);
    checkStore(store);
    assert.equal(cache.statsSync().entries, 7);
    assert.equal(cache.getSync('new'), 1);
    close();
  });

  it('a failed add in a full store culls nothing', () => {
    const { cache, close } = opened({ maxEntries: 2, cullFrequency: 2 });
    cache.setManySync({ a: 1, b: 2 });
    assert.equal(cache.addSync('a', 3), false);
    assert.equal(cache.statsSync().entries, 2);
    close();
  });

  it('an add of a key that has expired culls a full store, as Django does', () => {
    const { cache, store, clock, close } = opened({ maxEntries: 4, cullFrequency: 2 });
    for (const key of ['a', 'b', 'c']) cache.setSync(key, 1, null);
    cache.setSync('dead', 1, 1000);
    clock.advance(1000);
    assert.equal(cache.addSync('dead', 2, null), true);
    checkStore(store);
    assert.deepStrictEqual([...cache.keys()], ['c', 'dead']);
    assert.equal(cache.getSync('dead'), 2);
    close();
  });

  for (const cullFrequency of [0, 1, 2, 3, 5]) {
    it(`${cullFrequency}: culls exactly as Django's LocMemCache`, () => {
      const key = fc.integer({ min: 0, max: 14 }).map((n) => `k${n}`);
      const ttl = fc.constantFrom(50, 200, Number.POSITIVE_INFINITY);
      const operation = fc.oneof(
        { weight: 4, arbitrary: fc.record({ call: fc.constant('set' as const), key, ttl, value: fc.integer() }) },
        { weight: 2, arbitrary: fc.record({ call: fc.constant('add' as const), key, ttl, value: fc.integer() }) },
        { weight: 3, arbitrary: fc.record({ call: fc.constant('get' as const), key }) },
        fc.record({ call: fc.constant('incr' as const), key, delta: fc.integer({ min: -9, max: 9 }) }),
        fc.record({ call: fc.constant('delete' as const), key }),
        fc.record({ call: fc.constant('advance' as const), ms: fc.nat(60) }),
      );
      fc.assert(
        fc.property(
          fc.array(operation, { maxLength: 60, size: 'max' }),
          fc.integer({ min: 5, max: 10 }),
          (operations, maxEntries) => {
            const { cache, store, clock, close } = opened({ maxEntries, cullFrequency });
            const django = new DjangoModel(maxEntries, cullFrequency);
            for (const o of operations) {
              if (o.call === 'set') {
                cache.setSync(o.key, o.value, o.ttl);
                django.set(o.key, o.value, o.ttl);
              } else if (o.call === 'add')
                assert.equal(cache.addSync(o.key, o.value, o.ttl), django.add(o.key, o.value, o.ttl));
              else if (o.call === 'get') assert.equal(cache.getSync(o.key), django.get(o.key));
              else if (o.call === 'delete') assert.equal(cache.deleteSync(o.key), django.delete(o.key));
              else if (o.call === 'advance') {
                clock.advance(o.ms);
                django.now += o.ms;
              } else {
                const sum = django.incr(o.key, o.delta);
                if (sum === undefined)
                  assert.throws(() => cache.incrSync(o.key, o.delta), { name: 'KeyNotFoundError' });
                else assert.equal(cache.incrSync(o.key, o.delta), sum);
              }
              checkStore(store);
              const now = clock.now();
              const live = oldestFirst(store.policy as LruPolicy).filter(
                (slot) => !store.isTimed || store.expiresAt[slot]! > now,
              );
              assert.deepStrictEqual(live.map((slot) => store.keys[slot]!).reverse(), django.keys());
            }
            close();
          },
        ),
        { numRuns: 100 },
      );
    });
  }
});

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Cache, Ttl } from 'locmem';
import { type Subject, spec } from './subject.js';
import { timesOf } from './times.js';

const MINUTE = 60_000;
const EXPIRED_AT_ONCE: Ttl[] = [0, -0, -1, -1e9, Number.NEGATIVE_INFINITY, '-1s', '0s'];

export function expiry(subject: Subject): void {
  const { step, late, second } = timesOf(subject);

  /** Asserts that the entry lives for `ttl` more milliseconds, and no longer. */
  async function assertLives(cache: Cache, key: string, ttl: number, advance: (ms: number) => Promise<void>) {
    // What lives hardly longer than a step can only be seen to go.
    const before = ttl > 2 * step ? ttl - step : 0;
    await advance(before);
    if (before > 0) assert.equal(await cache.has(key), true, `is there ${step} ms before its end`);
    await advance(ttl - before + late);
    assert.equal(await cache.has(key), false, `is gone ${late} ms after its end`);
  }

  describe('expiry', () => {
    spec(subject, 'an entry lives as long as its ttl says, and no longer', async ({ cache, place }) => {
      await cache.set('k', 'v', 10 * second);
      await assertLives(cache, 'k', 10 * second, place.advance);
    });

    for (const [ttl, milliseconds] of [
      ['250ms', 250],
      ['30s', 30_000],
      ['5m', 5 * MINUTE],
      ['2h', 120 * MINUTE],
      ['1d', 1440 * MINUTE],
      ['1.5s', 1500],
    ] as [Ttl, number][]) {
      spec(subject, `a ttl of ${ttl} is ${milliseconds} ms, wherever one is given`, async ({ cache, place }) => {
        const other = await place.open({ ttl });
        for (const store of [
          () => cache.set('k', 'v', { ttl }),
          () => cache.set('k', 'v', ttl),
          () => cache.add('k', 'v', ttl),
          () => cache.setMany({ k: 'v' }, ttl),
          () => cache.getOrSet('k', 'v', ttl),
          () => cache.getOrSet('k', () => 'v', { ttl }),
          () => other.set('k', 'v'),
          async () => {
            await cache.set('k', 'v', null);
            await cache.touch('k', ttl);
          },
        ]) {
          await store();
          await assertLives(cache, 'k', milliseconds, place.advance);
        }
      });
    }

    spec(subject, 'without a ttl an entry lives 5 minutes', async ({ cache, place }) => {
      await cache.set('k', 'v');
      await assertLives(cache, 'k', 5 * MINUTE, place.advance);
      await cache.set('k', 'v', {});
      await assertLives(cache, 'k', 5 * MINUTE, place.advance);
    });

    spec(subject, "without a ttl an entry lives as long as the cache's own ttl says", async ({ place }) => {
      const cache = await place.open({ ttl: 20 * second });
      await cache.set('a', 1);
      await cache.add('b', 1);
      await cache.getOrSet('c', 1);
      await cache.setMany({ d: 1 });
      await place.advance(20 * second - step);
      assert.equal((await cache.getMany(['a', 'b', 'c', 'd'])).size, 4);
      await place.advance(step + late);
      assert.equal((await cache.getMany(['a', 'b', 'c', 'd'])).size, 0);
    });

    spec(subject, 'a ttl of null or Infinity is for ever', async ({ cache, place }) => {
      await cache.set('a', 1, null);
      await cache.set('b', 1, Number.POSITIVE_INFINITY);
      await cache.set('c', 1, { ttl: null });
      const eternal = await place.open({ ttl: null });
      await eternal.set('d', 1);
      await place.advance(20 * 365 * 24 * 60 * MINUTE);
      assert.deepStrictEqual([...(await cache.getMany(['a', 'b', 'c', 'd'])).keys()], ['a', 'b', 'c', 'd']);
    });

    for (const ttl of EXPIRED_AT_ONCE) {
      const name = typeof ttl === 'string' ? `'${ttl}'` : Object.is(ttl, -0) ? '-0' : String(ttl);
      spec(subject, `a ttl of ${name} stores nothing readable`, async ({ cache }) => {
        await cache.set('k', 'old');
        await cache.set('k', 'new', ttl);
        assert.equal(await cache.get('k'), undefined);
        assert.equal(await cache.add('k', 'new', ttl), true);
        assert.equal(await cache.has('k'), false);
        await cache.set('k', 'old');
        assert.equal(await cache.add('k', 'new', ttl), false);
        assert.equal(await cache.get('k'), 'old');
        assert.equal(await cache.touch('k', ttl), true);
        assert.equal(await cache.get('k'), undefined);
        assert.equal(await cache.touch('k', ttl), false);
        assert.deepStrictEqual(await cache.setMany({ k: 1 }, { ttl }), []);
        assert.equal(await cache.get('k'), undefined);
        assert.equal(await cache.getOrSet('k', () => 'made', ttl), 'made');
        assert.equal(await cache.get('k'), undefined);
      });
    }

    spec(subject, 'a cache whose own ttl is 0 keeps nothing', async ({ place }) => {
      const cache = await place.open({ ttl: 0 });
      await cache.set('k', 1);
      assert.equal(await cache.has('k'), false);
      await cache.set('k', 1, '1h');
      assert.equal(await cache.has('k'), true);
    });

    spec(subject, 'an expired entry is missing to every call', async ({ cache, place }) => {
      const { advance } = place;
      await cache.set('k', 1, second);
      await advance(second + late);
      assert.equal(await cache.get('k', { default: 'none' }), 'none');
      for (const call of [
        async () => assert.equal(await cache.has('k'), false),
        async () => assert.deepStrictEqual(await cache.getMany(['k']), new Map()),
        async () => assert.equal(await cache.delete('k'), false),
        async () => assert.equal(await cache.deleteMany(['k']), 0),
        async () => assert.equal(await cache.touch('k', '1h'), false),
        async () => await assert.rejects(cache.incr('k'), { name: 'KeyNotFoundError' }),
        async () => await assert.rejects(cache.decr('k'), { name: 'KeyNotFoundError' }),
        async () => await assert.rejects(cache.incrVersion('k'), { name: 'KeyNotFoundError' }),
        async () => assert.equal(await cache.getOrSet('k', () => 'anew', second), 'anew'),
        async () => assert.equal(await cache.add('k', 'added', second), true),
      ]) {
        await cache.set('k', 1, second);
        await advance(second + late);
        await call();
      }
      assert.equal(await cache.get('k'), 'added');
    });

    spec(subject, 'an expired key can be added again, with a life of its own', async ({ cache, place }) => {
      await cache.set('k', 'old', second);
      await place.advance(second + late);
      assert.equal(await cache.add('k', 'new', 2 * second), true);
      assert.equal(await cache.get('k'), 'new');
      await assertLives(cache, 'k', 2 * second, place.advance);
    });

    spec(subject, 'a set gives the entry a new life, shorter or longer', async ({ cache, place }) => {
      await cache.set('k', 1, second);
      await cache.set('k', 2, 9 * second);
      await assertLives(cache, 'k', 9 * second, place.advance);
      await cache.set('k', 1, null);
      await cache.set('k', 2, second);
      await assertLives(cache, 'k', second, place.advance);
      await cache.set('k', 1, second);
      await cache.set('k', 2, null);
      await place.advance(60 * second);
      assert.equal(await cache.get('k'), 2);
    });

    spec(subject, 'touch gives the entry a new life from now on', async ({ cache, place }) => {
      await cache.set('k', 'v', second);
      await place.advance(0.6 * second);
      assert.equal(await cache.touch('k', 2 * second), true);
      assert.equal(await cache.get('k'), 'v');
      await assertLives(cache, 'k', 2 * second, place.advance);
      await cache.set('k', 'v', 9 * second);
      assert.equal(await cache.touch('k', second), true);
      await assertLives(cache, 'k', second, place.advance);
      await cache.set('k', 'v', second);
      assert.equal(await cache.touch('k', null), true);
      await place.advance(60 * second);
      assert.equal(await cache.get('k'), 'v');
    });

    spec(subject, "touch without a ttl uses the cache's own", async ({ place }) => {
      const cache = await place.open({ ttl: 20 * second });
      await cache.set('k', 'v', second);
      assert.equal(await cache.touch('k'), true);
      await assertLives(cache, 'k', 20 * second, place.advance);
    });

    spec(subject, 'touch of a missing key stores nothing', async ({ cache }) => {
      assert.equal(await cache.touch('k', '1h'), false);
      assert.equal(await cache.has('k'), false);
    });

    spec(subject, 'incr and decr keep the expiry', async ({ cache, place }) => {
      await cache.set('k', 1, 2 * second);
      await place.advance(second);
      await cache.incr('k');
      await cache.decr('k', 5);
      await assertLives(cache, 'k', second, place.advance);
    });

    spec(subject, 'incrVersion takes the remaining life along', async ({ cache, place }) => {
      await cache.set('k', 1, 2 * second);
      await cache.set('k', 'other', { version: 2, ttl: '1h' });
      await place.advance(second);
      await cache.incrVersion('k');
      await place.advance(second - step);
      assert.equal(await cache.get('k', { version: 2 }), 1);
      await place.advance(step + late);
      assert.equal(await cache.get('k', { version: 2 }), undefined);
    });

    spec(subject, 'reading does not prolong a life', async ({ cache, place }) => {
      await cache.set('k', 1, second);
      for (let i = 0; i < 9; i++) {
        await place.advance(second / 10);
        await cache.get('k');
        await cache.getOrSet('k', 2, '1h');
      }
      await assertLives(cache, 'k', second / 10, place.advance);
    });

    spec(subject, 'entries of a setMany expire together', async ({ cache, place }) => {
      await cache.setMany({ a: 1, b: 2 }, second);
      await place.advance(second - step);
      assert.equal((await cache.getMany(['a', 'b'])).size, 2);
      await place.advance(step + late);
      assert.equal((await cache.getMany(['a', 'b'])).size, 0);
    });
  });
}

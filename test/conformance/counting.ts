import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Cache, CacheStats } from 'locmem';
import { type Subject, spec } from './subject.js';
import { timesOf } from './times.js';

type Counted = Partial<Omit<CacheStats, 'bytes'>>;

const NOTHING = { hits: 0, misses: 0, sets: 0, deletes: 0, evictions: 0, expirations: 0, entries: 0 };

/** What one cache does not know of a place that others change too. */
const UNKNOWN = { evictions: undefined, expirations: undefined, entries: undefined, bytes: undefined };

export function counting(subject: Subject): void {
  const ofStore = subject.capabilities.counts === 'store';
  const { late, second } = timesOf(subject);

  async function assertCounts(cache: Cache, counted: Counted): Promise<void> {
    const stats = await cache.stats();
    if (!ofStore) return assert.deepStrictEqual(stats, { ...NOTHING, ...counted, ...UNKNOWN, errors: 0 });
    const { bytes: _, ...counts } = stats;
    assert.deepStrictEqual(counts, { ...NOTHING, ...counted });
  }

  describe('stats', () => {
    spec(subject, 'counts begin with nothing', async ({ cache }) => {
      await assertCounts(cache, {});
    });

    spec(subject, 'get and each key of getMany count as a hit or a miss', async ({ cache }) => {
      await cache.set('k', null);
      await cache.get('k');
      await cache.get('missing');
      await cache.get('missing', { default: 1 });
      await assertCounts(cache, { sets: 1, entries: 1, hits: 1, misses: 2 });
      await cache.getMany(['k', 'k', 'a', 'b']);
      await assertCounts(cache, { sets: 1, entries: 1, hits: 2, misses: 4 });
    });

    spec(subject, 'has counts as neither', async ({ cache }) => {
      await cache.set('k', 1);
      await cache.has('k');
      await cache.has('missing');
      await assertCounts(cache, { sets: 1, entries: 1 });
    });

    spec(subject, 'getOrSet counts as a hit or a miss, and as a set when it stores', async ({ cache }) => {
      await cache.getOrSet('k', () => 1);
      await cache.getOrSet('k', () => 2);
      await assertCounts(cache, { misses: 1, hits: 1, sets: 1, entries: 1 });
      await cache.getOrSet('u', () => undefined);
      await assertCounts(cache, { misses: 2, hits: 1, sets: 1, entries: 1 });
      await cache.getOrSet('v', 5);
      await assertCounts(cache, { misses: 3, hits: 1, sets: 2, entries: 2 });
      const failing = () => {
        throw new RangeError();
      };
      await assert.rejects(cache.getOrSet('f', failing), RangeError);
      await assertCounts(cache, { misses: 4, hits: 1, sets: 2, entries: 2 });
    });

    spec(subject, 'set, each entry of setMany and an add that stores count as a set', async ({ cache }) => {
      await cache.set('a', 1);
      await cache.set('a', 2);
      await cache.setMany({ b: 1, c: 2 });
      await cache.add('d', 1);
      await cache.add('d', 2);
      await assertCounts(cache, { sets: 5, entries: 4 });
    });

    spec(subject, 'a delete of nothing does not count', async ({ cache }) => {
      await cache.setMany({ a: 1, b: 2, c: 3 });
      await cache.delete('a');
      await cache.delete('a');
      await cache.deleteMany(['b', 'missing', 'b']);
      await assertCounts(cache, { sets: 3, deletes: 2, entries: 1 });
    });

    spec(subject, 'refused calls do not count', async ({ cache }) => {
      await assert.rejects(cache.set('a', undefined));
      await assert.rejects(cache.setMany({ a: 1, b: () => 1 }));
      await assert.rejects(cache.get(5 as never));
      await assert.rejects(cache.incr('missing'));
      await assertCounts(cache, {});
    });

    spec(subject, 'expired entries are not counted as entries, but as expirations', async ({ cache, place }) => {
      await cache.setMany({ a: 1, b: 2, c: 3 }, second);
      await cache.set('d', 4, null);
      await place.advance(second + late);
      await cache.get('a');
      await assertCounts(cache, { sets: 4, misses: 1, expirations: 3, entries: 1 });
      await assertCounts(cache, { sets: 4, misses: 1, expirations: 3, entries: 1 });
    });

    spec(subject, 'incr, touch and a move leave one entry', async ({ cache }) => {
      await cache.set('n', 1);
      await cache.incr('n');
      await cache.touch('n');
      await cache.incrVersion('n');
      const { sets } = await cache.stats();
      await assertCounts(cache, { sets: sets!, entries: 1 });
    });

    spec(subject, 'clear leaves the counts, and no entries', async ({ cache }) => {
      await cache.setMany({ a: 1, b: 2 });
      await cache.get('a');
      await cache.clear();
      const { deletes } = await cache.stats();
      await assertCounts(cache, { hits: 1, sets: 2, deletes: deletes! });
    });

    const whose = ofStore ? 'all caches at a place tell the same' : 'each cache tells what it did itself';
    spec(subject, whose, async ({ cache, place }) => {
      const other = await place.open({ keyPrefix: 'p', version: 3 });
      await cache.set('k', 1);
      await other.set('k', 1);
      await other.get('k');
      if (ofStore) {
        assert.deepStrictEqual(await cache.stats(), await other.stats());
        await assertCounts(cache, { sets: 2, hits: 1, entries: 2 });
      } else {
        await assertCounts(cache, { sets: 1 });
        await assertCounts(other, { sets: 1, hits: 1 });
        await assertCounts(await place.open(), {});
      }
    });

    spec(subject, 'stats are a copy', async ({ cache }) => {
      const stats = await cache.stats();
      stats.hits = 99;
      await assertCounts(cache, {});
    });
  });
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LoadContext, LocMemCache, type StandardSchema } from 'locmem';
import { gate } from '../conformance/gate.js';
import { ManualClock } from '../conformance/manual-clock.js';

/** A cache in process whose entries may be another program's. */
class OutsideCache extends LocMemCache {
  protected override readonly readsFromOutside = true;
  readonly invalid: boolean[] = [];

  protected override noteInvalid(isHit: boolean): void {
    this.invalid.push(isHit);
  }
}

const stale = ({ stale }: LoadContext) => `after ${stale}`;
const OPTIONS = { ttl: 1000, staleIfError: 1000, staleWhileRevalidate: 1000 };

function schemaOf(validate: StandardSchema['~standard']['validate']): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

const onlyGood = (value: unknown) => (value === 'good' ? { value } : { issues: [{ message: 'not good' }] });

async function aged(value: string): Promise<OutsideCache> {
  const clock = new ManualClock();
  const cache = new OutsideCache({ clock, location: `recalled ${Math.random()}` });
  await cache.getOrSet('k', () => value, OPTIONS);
  clock.advance(1000);
  return cache;
}

describe('what is recalled from shared memory, and a schema', () => {
  for (const [when, schema] of [
    ['at once', schemaOf(onlyGood)],
    ['later', schemaOf(async (value) => onlyGood(value))],
  ] as const) {
    it(`that answers ${when}: what it refuses is none, what it takes is served`, async () => {
      const bad = await aged('bad');
      assert.equal(await bad.getOrSet('k', stale, { ...OPTIONS, schema }), 'after undefined');
      assert.equal(await bad.getOrSet('k', () => 'good', { ...OPTIONS, schema }), 'good');
      assert.deepStrictEqual(bad.invalid, [false, true]);
      const good = await aged('good');
      assert.equal(await good.getOrSet('k', stale, { ...OPTIONS, schema }), 'good');
      assert.deepStrictEqual(good.invalid, []);
    });
  }

  it('what is written or deleted while the schema thinks is what is answered', async () => {
    for (const [change, answer] of [
      [(cache: OutsideCache) => cache.deleteSync('k'), 'after undefined'],
      [(cache: OutsideCache) => cache.clearSync(), 'after undefined'],
      [(cache: OutsideCache) => cache.setSync('k', 'set'), 'set'],
    ] as const) {
      const cache = await aged('good');
      const thinking = gate<object>();
      const schema = schemaOf(() => thinking.opened);
      const waiting = cache.getOrSet('k', stale, { ...OPTIONS, schema });
      change(cache);
      thinking.open({ value: 'good' });
      assert.equal(await waiting, answer);
    }
  });
});

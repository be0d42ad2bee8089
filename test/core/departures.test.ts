import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createCaches, type DepartureEvent, LocMemCache, SharedCache, type SyncCache } from 'locmem';
import { ManualClock } from '../conformance/manual-clock.js';

type Departure = 'evict' | 'expire';

/** What leaves while `body` runs. @param onEach what is done at once for each. */
function departures(
  body: () => void,
  onEach: (event: DepartureEvent) => void = () => {},
): Map<Departure, DepartureEvent[]> {
  const heard = new Map<Departure, DepartureEvent[]>([
    ['evict', []],
    ['expire', []],
  ]);
  const listeners = [...heard].map(([name, events]) => {
    const listener = (message: unknown) => {
      events.push(message as DepartureEvent);
      onEach(message as DepartureEvent);
    };
    subscribe(`locmem:${name}`, listener);
    return () => unsubscribe(`locmem:${name}`, listener);
  });
  try {
    body();
  } finally {
    for (const stop of listeners) stop();
  }
  return heard;
}

const keysOf = (events: readonly DepartureEvent[] | undefined) => events?.map(({ key }) => key);

describe('what leaves a LocMemCache by itself is told', () => {
  it('evictions, the least recently used first', () => {
    using cache = closing(new LocMemCache({ maxEntries: 2 }));
    const left = departures(() => {
      for (const key of ['a', 'b', 'c', 'd']) cache.setSync(key, key);
      cache.setSync('e', { an: 'object' }, { ttl: '1h' });
      cache.deleteSync('e');
    });
    assert.deepStrictEqual(keysOf(left.get('evict')), ['a', 'b', 'c']);
    assert.deepStrictEqual(left.get('expire'), []);
  });

  it('to one who closes the cache then: the call is done, and the next is of a closed cache', () => {
    const cache = new LocMemCache({ maxEntries: 1 });
    cache.setSync('a', 1);
    departures(
      () => cache.setSync('b', 1),
      () => cache.closeSync(),
    );
    assert.throws(() => cache.getSync('b'), { code: 'ERR_LOCMEM_CLOSED' });
  });

  it('culled entries', () => {
    for (const [cullFrequency, gone] of [
      [2, ['a', 'b']],
      [0, ['a', 'b', 'c', 'd']],
    ] as const) {
      using cache = closing(new LocMemCache({ maxEntries: 4, cullFrequency }));
      const left = departures(() => {
        for (const key of ['a', 'b', 'c', 'd', 'e']) cache.setSync(key, key);
      });
      assert.deepStrictEqual(keysOf(left.get('evict')), gone);
    }
  });

  it('what has expired, when it is met: by a read, a write, or the count', () => {
    const clock = new ManualClock();
    using cache = closing(new LocMemCache({ clock, maxEntries: 3 }));
    for (const key of ['a', 'b', 'c']) cache.setSync(key, key, { ttl: 10, version: 2 });
    clock.advance(11);
    const left = departures(() => {
      cache.getSync('a', { version: 2 });
      assert.equal(cache.statsSync().expirations, 3);
    });
    assert.deepStrictEqual(keysOf(left.get('expire')), ['a', 'b', 'c']);
    assert.deepStrictEqual(
      left.get('expire')?.map(({ version }) => version),
      [2, 2, 2],
    );
    assert.deepStrictEqual(left.get('evict'), []);
  });

  it('in the name of the cache that opened the location first, by its alias', () => {
    const caches = createCaches({ first: { backend: 'locmem', location: 'departures', maxEntries: 1 } });
    using second = closing(new LocMemCache({ location: 'departures', maxEntries: 1, keyPrefix: 'p' }));
    const [event] = departures(() => {
      second.setSync('a', 1);
      second.setSync('b', 2);
    }).get('evict')!;
    assert.equal(event?.cache, caches.first);
    assert.deepStrictEqual([event?.alias, event?.backend, event?.key], ['first', 'locmem', 'a']);
    void caches.close();
  });

  it('and who listens may store and read meanwhile', () => {
    using cache = closing(new LocMemCache({ maxEntries: 3 }));
    let depth = 0;
    const left = departures(
      () => {
        for (let i = 0; i < 20; i++) cache.setSync(`k${i}`, i);
      },
      ({ key }) => {
        if (depth > 0) return;
        depth++;
        cache.setSync(`again ${key}`, 1);
        assert.equal(cache.getSync(`again ${key}`), 1);
        depth--;
      },
    );
    assert.ok(left.get('evict')!.length > 20);
    const { entries, evictions } = cache.statsSync();
    assert.deepStrictEqual([entries, evictions], [3, left.get('evict')!.length]);
  });
});

describe('what leaves a SharedCache by itself is told', () => {
  for (const keyPrefix of ['', 'päge']) {
    it(`evictions and expiries, with their keys; prefix ${JSON.stringify(keyPrefix)}`, () => {
      const clock = new ManualClock();
      const location = join(tmpdir(), `locmem-departures-${randomUUID()}`);
      const cache = new SharedCache({ location, maxBytes: '1mb', clock, keyPrefix });
      try {
        const value = 'x'.repeat(2000);
        const odd = ['ключ', '\ud800 lone', 'a key much longer than what a loop over characters encodes'];
        for (const key of odd) cache.setSync(key, value, { ttl: 10, version: 3 });
        clock.advance(11);
        const expired = departures(() => {
          for (const key of odd) assert.equal(cache.getSync(key, { version: 3 }), undefined);
        }).get('expire')!;
        assert.deepStrictEqual(keysOf(expired), odd);
        const before = cache.statsSync().evictions!;
        const told = departures(
          () => {
            for (let i = 0; i < 2000; i++) cache.setSync(`k${i}`, value);
          },
          ({ cache: teller }) => assert.equal((teller as unknown as SyncCache).hasSync('nowhere'), false),
        ).get('evict')!;
        assert.equal(told.length, cache.statsSync().evictions! - before);
        assert.ok(told.length > 500);
        assert.ok(told.every(({ key, version }) => /^k\d+$/.test(key) && version === 1));
        for (const { key } of told.slice(-5)) assert.equal(cache.getSync(key), undefined);
      } finally {
        cache.closeSync();
        rmSync(location, { force: true });
      }
    });
  }
});

function closing(cache: LocMemCache): LocMemCache & Disposable {
  return Object.assign(cache, { [Symbol.dispose]: () => cache.closeSync() });
}

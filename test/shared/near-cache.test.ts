import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import { SharedCache, type SharedCacheOptions } from 'locmem';
import { CoarseClock } from '#dist/core/clock.js';
import { Clears } from '#dist/shared/clears.js';
import { META, VERSION } from '#dist/shared/layout.js';
import { NearCache } from '#dist/shared/near-cache.js';
import { Reader } from '#dist/shared/reader.js';
import { NO_PREFIX_CELL } from '#dist/shared/record.js';
import { TagTable } from '#dist/shared/tag-table.js';
import { ManualClock } from '../conformance/manual-clock.js';
import { RemoteCache } from '../torture/remote-cache.js';
import { PrimitiveCache } from './primitive-cache.js';

const folder = mkdtempSync(join(tmpdir(), 'locmem-near-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

function open(options: Partial<SharedCacheOptions> = {}): SharedCache {
  return new SharedCache({ location: join(folder, `${++count}.cache`), maxBytes: '1mb', ttl: null, ...options });
}

/** Segments that it makes have the same seed each time: which keys meet in one place is not left to chance then. */
function seeded<T>(make: () => T): T {
  const random = mock.method(crypto, 'randomBytes', (size: number) => Buffer.alloc(size, 1));
  syncBuiltinESMExports();
  try {
    return make();
  } finally {
    random.mock.restore();
    syncBuiltinESMExports();
  }
}

/** How often the segment was asked. What is not is answered near by. */
let segmentReads = 0;
const { read } = Reader.prototype;
Reader.prototype.read = function (...args) {
  segmentReads++;
  return read.apply(this, args);
};

function readsIn(body: () => unknown): number {
  const earlier = segmentReads;
  body();
  return segmentReads - earlier;
}

describe('a near cache', () => {
  const clock = new CoarseClock(new ManualClock(), 0);
  /** A shard with a slot for each key that is kept. */
  const words = new Int32Array(4096);

  function near(capacity: number, mostBytes = 1e6): NearCache {
    const tags = new TagTable(new Int32Array(16), new Int32Array(1), 0);
    const clears = new Clears(new Int32Array(1024), new Int32Array(1024), tags);
    return new NearCache(capacity, mostBytes, [words], clears, NO_PREFIX_CELL);
  }
  function keep(cache: NearCache, key: string, bytes = 10, slot = 0): void {
    cache.keep(key, `value of ${key}`, 0, slot, words[slot + VERSION]!, Number.POSITIVE_INFINITY, bytes);
  }
  function held(cache: NearCache, keys: readonly string[]): string[] {
    return keys.filter((key) => cache.hit(key, clock) !== undefined);
  }
  const many = Array.from({ length: 200 }, (_, i) => `key:${i}`);

  it('never holds more entries than it may, and as many', () => {
    const cache = near(10);
    for (const [i, key] of many.entries()) {
      keep(cache, key);
      assert.equal(cache.hit(key, clock), `value of ${key}`);
      assert.equal(held(cache, many).length, Math.min(10, i + 1));
    }
  });

  it('never holds more bytes than it may, and no entry that takes more than an eighth of them', () => {
    const cache = near(1000, 1000);
    assert.equal(cache.takes(125), true);
    assert.equal(cache.takes(126), false);
    assert.equal(cache.admits(77, 126), false);
    assert.equal(cache.admits(77, 126), false);
    for (const key of many) {
      keep(cache, key, 120);
      assert.ok(held(cache, many).length <= 8);
    }
    assert.equal(held(cache, many).length, 8);
    keep(cache, 'small', 1);
    assert.equal(held(cache, many).length, 8, 'beside the others');
  });

  it('counts an entry that is kept again once', () => {
    const cache = near(1000, 1000);
    keep(cache, 'a', 100);
    for (let i = 0; i < 50; i++) keep(cache, 'b', 100);
    assert.deepStrictEqual(held(cache, ['a', 'b']), ['a', 'b']);
  });

  it('lets go of what was not used since its hand passed: what is used stays through any number of others', () => {
    const cache = near(10);
    keep(cache, 'hot');
    for (const key of many) {
      assert.equal(cache.hit('hot', clock), 'value of hot');
      keep(cache, key);
    }
    assert.equal(cache.hit('hot', clock), 'value of hot');
    assert.equal(held(cache, many).length, 9);
  });

  it('goes in turn among those that were all used, or none', () => {
    const cache = near(3);
    for (const key of ['a', 'b', 'c']) keep(cache, key);
    keep(cache, 'd');
    assert.deepStrictEqual(held(cache, ['a', 'b', 'c', 'd']), ['b', 'c', 'd']);
    keep(cache, 'e');
    assert.equal(held(cache, ['b', 'c', 'd', 'e']).length, 3);
  });

  it('of no entries holds none', () => {
    const cache = near(0);
    assert.equal(cache.takes(1), false);
    assert.equal(cache.admits(5, 1), false);
    assert.equal(cache.admits(5, 1), false);
  });

  it('writes hits down in the slot, up to what it counts, and never beside it', () => {
    const cache = near(10);
    const slot = 64;
    words[slot + META] = 7 << 8;
    keep(cache, 'key', 10, slot);
    for (let i = 0; i < 9; i++) assert.ok(cache.hit('key', clock));
    assert.equal(words[slot + META], (7 << 8) | 3);
  });

  it('forgets an entry whose slot has another version', () => {
    const cache = near(10);
    keep(cache, 'key', 10, 96);
    words[96 + VERSION]! += 2;
    assert.equal(cache.hit('key', clock), undefined);
    words[96 + VERSION]! -= 2;
    assert.equal(cache.hit('key', clock), undefined);
  });
});

describe('a value of a SharedCache', () => {
  it('is kept near by when it is read for the second time', () => {
    const cache = open();
    cache.setSync('k', { n: 1 });
    const reads = [1, 2, 3, 4].map(() => readsIn(() => assert.deepStrictEqual(cache.getSync('k'), { n: 1 })));
    assert.deepStrictEqual(reads, [1, 1, 0, 0]);
    cache.closeSync();
  });

  it('is not, where there is to be none, or it is too large', () => {
    for (const [options, value] of [
      [{ nearEntries: 0 }, 'v'],
      [{}, 'x'.repeat(100_000)],
    ] as const) {
      const cache = open(options);
      cache.setSync('k', value);
      assert.deepStrictEqual(
        [1, 2, 3, 4].map(() => readsIn(() => cache.getSync('k'))),
        [1, 1, 1, 1],
      );
      cache.closeSync();
    }
  });

  it('that is used near by alone is not taken for cold in the segment', () => {
    const hot = Array.from({ length: 20 }, (_, i) => `hot:${i}`);
    const survivors = (isUsed: boolean) => {
      const location = join(folder, `${++count}.cache`);
      const cache = seeded(() => open({ location, maxBytes: '128kb' }));
      // What others use for a while, and then no more.
      const others = open({ location, maxBytes: '128kb', nearEntries: 0 });
      for (const key of hot) cache.setSync(key, { key });
      for (let i = 0; i < 3; i++) for (const key of hot) cache.getSync(key);
      let reads = 0;
      for (let i = 0; i < 5000; i++) {
        others.setSync(`lately:${i}`, 'x'.repeat(100));
        for (const back of [0, 3, 30, 100]) others.getSync(`lately:${i - back}`);
        if (isUsed) reads += readsIn(() => cache.getSync(hot[i % hot.length]!));
      }
      const found = cache.getManySync(hot).size;
      cache.closeSync();
      others.closeSync();
      return { found, reads };
    };
    const { found, reads } = survivors(true);
    assert.ok(found >= 0.5 * hot.length, `${found} of ${hot.length} are left`);
    // Two keys that take turns in one place of the filter never seem to be read twice; that is 500 reads.
    assert.ok(reads < 1600, `${reads} of 5000 reads came to the segment`);
    assert.ok(survivors(false).found < 0.25 * hot.length, 'what is not used is driven out');
  });

  it("is each reader's own, with values: 'copy'", () => {
    const cache = open();
    for (const make of [
      () => ({ list: [1], deep: { n: 1 } }),
      () => new Map([['a', { n: 1 }]]),
      () => Buffer.from('abc'),
    ]) {
      const own = make();
      cache.setSync('k', own);
      cache.getSync('k');
      cache.getSync('k');
      const reads = readsIn(() => {
        const first = cache.getSync<ReturnType<typeof make>>('k')!;
        assert.deepStrictEqual(first, make());
        if (first instanceof Map) first.get('a')!.n = 2;
        else if (Buffer.isBuffer(first)) first[0] = 0;
        else {
          first.list.push(2);
          first.deep.n = 2;
        }
        assert.deepStrictEqual(cache.getSync('k'), make());
        assert.deepStrictEqual(cache.getManySync(['k']).get('k'), make());
        assert.notEqual(cache.getSync('k'), cache.getSync('k'));
      });
      assert.equal(reads, 0);
    }
    cache.closeSync();
  });

  it("is one frozen object for all readers, with values: 'frozen', from the first read on", () => {
    const cache = open({ values: 'frozen' });
    cache.setSync('k', { list: [{ n: 1 }] });
    const value = cache.getSync<{ list: { n: number }[] }>('k')!;
    const reads = readsIn(() => {
      assert.equal(cache.getSync('k'), value);
      assert.equal(cache.getManySync(['k']).get('k'), value);
      assert.equal(cache.getOrSetSync('k', 'never'), value);
    });
    assert.equal(reads, 0);
    assert.ok(Object.isFrozen(value) && Object.isFrozen(value.list) && Object.isFrozen(value.list[0]));
    cache.closeSync();
  });
});

describe('what stands near by', () => {
  const location = join(folder, 'coherence.cache');
  const options = { location, maxBytes: '1mb', ttl: 60_000 } as const;
  let other: RemoteCache;
  before(async () => {
    other = await RemoteCache.open(options);
  });
  after(() => other.kill());

  type Step = readonly [title: string, change: () => Promise<unknown>, expected: unknown];
  const steps: readonly Step[] = [
    ['set', () => other.call('setSync', 'k', 'new'), 'new'],
    ['set of the same value', () => other.call('setSync', 'k', 'old'), 'old'],
    ['set of a larger one', () => other.call('setSync', 'k', { list: 'x'.repeat(2000) }), { list: 'x'.repeat(2000) }],
    ['setMany', () => other.call('setManySync', { k: 7, j: 8 }), 7],
    ['delete', () => other.call('deleteSync', 'k'), undefined],
    ['deleteMany', () => other.call('deleteManySync', ['k']), undefined],
    ['clear', () => other.call('clearSync'), undefined],
    ['incrVersion', () => other.call('incrVersionSync', 'k'), undefined],
    ['touch with no time left', () => other.call('touchSync', 'k', 0), undefined],
    [
      'delete and add',
      async () => {
        await other.call('deleteSync', 'k');
        await other.call('addSync', 'k', 'added');
      },
      'added',
    ],
    [
      'so many sets that it is evicted',
      async () => {
        const values = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`fill:${i}`, 'x'.repeat(8000)]));
        for (let i = 0; i < 3; i++) await other.call('setManySync', values);
        await other.call('setSync', 'k', 'once more');
      },
      'once more',
    ],
  ];
  for (const [title, change, expected] of steps) {
    it(`is not what is read after another process's ${title}`, async () => {
      const cache = new SharedCache(options);
      cache.setSync('k', 'old');
      for (let i = 0; i < 3; i++) cache.getSync('k');
      assert.equal(
        readsIn(() => cache.getSync('k')),
        0,
      );
      await change();
      assert.deepStrictEqual(cache.getSync('k'), expected);
      cache.closeSync();
    });
  }

  it("is not what is read after another process's incr, one by one", async () => {
    const cache = new SharedCache(options);
    cache.setSync('n', 0);
    for (let n = 1; n < 20; n++) {
      for (let i = 0; i < 3; i++) assert.equal(cache.getSync('n'), n - 1);
      assert.equal(await other.call('incrSync', 'n'), n);
      assert.equal(cache.getSync('n'), n);
    }
    cache.closeSync();
  });

  it('ends when another process has touched it to, earlier or later', async () => {
    const clock = new ManualClock(Date.now());
    const cache = new SharedCache({ ...options, clock });
    const fill = () => {
      cache.setSync('k', 'v');
      for (let i = 0; i < 3; i++) assert.equal(cache.getSync('k'), 'v');
    };
    fill();
    await other.call('touchSync', 'k', 1000);
    assert.equal(cache.getSync('k'), 'v');
    clock.advance(2000);
    assert.equal(cache.getSync('k'), undefined);
    fill();
    await other.call('touchSync', 'k', 600_000);
    clock.advance(120_000);
    assert.equal(cache.getSync('k'), 'v');
    cache.closeSync();
  });

  it('is gone when another process has met it expired', async () => {
    const cache = new SharedCache(options);
    cache.setSync('k', 'v', 30_000);
    for (let i = 0; i < 3; i++) cache.getSync('k');
    await other.advance(40_000);
    assert.equal(await other.call('addSync', 'k', 'of the other'), true);
    assert.equal(cache.getSync('k'), 'of the other');
    cache.closeSync();
  });

  it("is not what is read after another process's deleteTag, and is what was stored right after it", async () => {
    const cache = new PrimitiveCache(options);
    const read = (expected: unknown) =>
      readsIn(() => {
        for (let i = 0; i < 3; i++) assert.deepStrictEqual(cache.getSync('k'), expected);
      });
    for (let i = 0; i < 10; i++) {
      cache.store('k', { i }, 60_000, { tags: ['a', `b${i}`] });
      read({ i });
      assert.equal(read({ i }), 0);
      await other.call('removeTagsSync', i % 2 === 0 ? 'a' : `b${i}`);
      assert.equal(read(undefined), 3);
    }
    cache.closeSync();
  });

  it('never outlives its expiry for being of use afterwards, and sees that it was renewed', async () => {
    const clock = new ManualClock(Date.now());
    const cache = new PrimitiveCache({ ...options, clock });
    cache.store('k', 'v', 10_000, { staleFor: 3_600_000 });
    for (let i = 0; i < 3; i++) assert.equal(cache.getSync('k'), 'v');
    clock.advance(20_000);
    for (let i = 0; i < 3; i++) assert.equal(cache.getSync('k'), undefined);
    assert.equal(await other.call('renewSync', 'k', 60_000, 0), true);
    for (let i = 0; i < 3; i++) assert.equal(cache.getSync('k'), 'v');
    // It is later where it was renewed.
    clock.advance(600_000);
    assert.equal(cache.getSync('k'), undefined);
    cache.closeSync();
  });

  it('is still there when another prefix was cleared', async () => {
    const cache = new SharedCache({ ...options, keyPrefix: 'mine' });
    const theirs = new SharedCache({ ...options, keyPrefix: 'theirs' });
    cache.setSync('k', 'v');
    for (let i = 0; i < 3; i++) cache.getSync('k');
    theirs.clearSync();
    assert.equal(
      readsIn(() => assert.equal(cache.getSync('k'), 'v')),
      0,
    );
    await other.call('clearSync');
    assert.equal(cache.getSync('k'), undefined);
    cache.closeSync();
    theirs.closeSync();
  });
});

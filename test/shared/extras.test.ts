import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { SharedCacheOptions } from 'locmem';
import { HEADER } from '#dist/shared/layout.js';
import { openSegment, type Segment } from '#dist/shared/segment.js';
import { ManualClock } from '../conformance/manual-clock.js';
import { checkSegment } from './check-segment.js';
import { PrimitiveCache } from './primitive-cache.js';
import { locationApart } from './tags-apart.js';

const folder = mkdtempSync(join(tmpdir(), 'locmem-extras-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

const nextLocation = () => join(folder, `${++count}.cache`);

class Place {
  readonly clock = new ManualClock();
  readonly location: string;
  readonly #opened: PrimitiveCache[] = [];

  constructor(location = nextLocation()) {
    this.location = location;
  }

  open(options: Partial<SharedCacheOptions> = {}): PrimitiveCache {
    const all = { location: this.location, maxBytes: '1mb', ttl: null, clock: this.clock, ...options } as const;
    const cache = new PrimitiveCache(all);
    this.#opened.push(cache);
    return cache;
  }

  /** One in which no two of these tags, each behind its prefix and a colon, share a counter. */
  static apart(...names: string[]): Place {
    return new Place(locationApart(nextLocation, '1mb', names));
  }

  /** Everything closed, and the segment as it must be. */
  end(): void {
    checkSegment(this.location, '1mb');
    for (const cache of this.#opened.splice(0)) cache.closeSync();
  }

  /** The segment itself, with whatever has it open. */
  within(look: (segment: Segment) => void): void {
    const segment = openSegment(this.location, 2 ** 20);
    look(segment);
    segment.close();
  }
}

/** One of each encoding, at several lengths of the key: what stands before a value must leave it where it belongs. */
const VALUES = [
  7,
  'text',
  'ä',
  '\ud800',
  'long'.repeat(1000),
  null,
  true,
  12n,
  Buffer.from('bytes'),
  { n: 1 },
  new Map([[1, 2]]),
];

describe('an entry with extras', () => {
  it('is its value to every reader, whatever that is, and comes back with them', () => {
    const place = new Place();
    const cache = place.open();
    for (const [i, value] of VALUES.entries()) {
      const key = 'k'.repeat(1 + i);
      const tags = ['a', 'ein Etikett', 'ü'.repeat(i + 1)].slice(0, i % 4);
      cache.store(key, value, 1000, { staleFor: 500, loadTime: 12.5, tags });
      for (let read = 0; read < 4; read++) assert.deepStrictEqual(cache.getSync(key), value);
      assert.deepStrictEqual(cache.recallSync(key), { value, left: 1000, loadTime: 12.5, tags });
    }
    place.end();
    const again = place.open();
    for (const [i, value] of VALUES.entries()) assert.deepStrictEqual(again.getSync('k'.repeat(1 + i)), value);
    place.end();
  });

  it('without any is the record that it always was', () => {
    const [plain, other] = [new Place(), new Place()].map((one) => one.open()) as [PrimitiveCache, PrimitiveCache];
    plain.setSync('k', 'v');
    other.store('k', 'v', 1000);
    assert.equal(plain.statsSync().bytes, other.statsSync().bytes);
    assert.deepStrictEqual(other.recallSync('k'), { value: 'v', left: 1000, loadTime: 0, tags: [] });
    plain.closeSync();
    other.closeSync();
  });

  it('keeps them through incr, touch, another version and back, and being moved; a set replaces them', () => {
    const place = new Place();
    const cache = place.open();
    const extras = { staleFor: 700, loadTime: 3, tags: ['t', 'u'] };
    cache.store('n', 40, 1000, extras);
    assert.equal(cache.incrSync('n', 2), 42);
    assert.equal(cache.touchSync('n', 2000), true);
    cache.incrVersionSync('n');
    assert.deepStrictEqual(cache.recallSync('n', 2), { value: 42, left: 2000, loadTime: 3, tags: ['t', 'u'] });
    cache.decrVersionSync('n', 1, { version: 2 });
    for (let i = 0; i < 3000; i++) {
      cache.setSync(`filler:${i}`, 'f'.repeat(1000));
      cache.getSync('n');
    }
    assert.deepStrictEqual(cache.recallSync('n'), { value: 42, left: 2000, loadTime: 3, tags: ['t', 'u'] });
    place.clock.advance(2600);
    assert.equal(cache.recallSync('n')?.left, -600);
    cache.setSync('n', 1, 1000);
    assert.deepStrictEqual(cache.recallSync('n'), { value: 1, left: 1000, loadTime: 0, tags: [] });
    place.end();
  });
});

describe('a stale entry', () => {
  function stale(value: unknown = 'old'): [Place, PrimitiveCache] {
    const place = new Place();
    const cache = place.open();
    cache.store('k', value, 1000, { staleFor: 500 });
    // Near by, too.
    for (let i = 0; i < 4; i++) assert.deepStrictEqual(cache.getSync('k'), value);
    place.clock.advance(1200);
    return [place, cache];
  }

  it('is found by recall alone', () => {
    const [place, cache] = stale(7);
    const { hits, misses } = cache.statsSync();
    assert.deepStrictEqual(cache.recallSync('k'), { value: 7, left: -200, loadTime: 0, tags: [] });
    assert.equal(cache.getSync('k'), undefined);
    assert.equal(cache.hasSync('k'), false);
    assert.equal(cache.getManySync(['k']).size, 0);
    assert.throws(() => cache.incrSync('k'), { name: 'KeyNotFoundError' });
    assert.throws(() => cache.incrVersionSync('k'), { name: 'KeyNotFoundError' });
    assert.equal(cache.touchSync('k', 1000), false);
    const stats = cache.statsSync();
    assert.deepStrictEqual([stats.hits! - hits!, stats.misses! - misses!], [0, 3]);
    assert.deepStrictEqual([stats.entries, stats.bytes, stats.expirations], [0, 0, 0]);
    assert.equal(cache.recallSync('k')?.value, 7);
    place.clock.advance(300);
    assert.equal(cache.statsSync().expirations, 1);
    assert.equal(cache.recallSync('k'), undefined);
    assert.equal(cache.statsSync().expirations, 1);
    place.end();
  });

  it('is replaced by set and add, in whatever size', () => {
    for (const value of ['new', 'n'.repeat(5000)]) {
      for (const write of ['set', 'add'] as const) {
        const [place, cache] = stale();
        if (write === 'set') cache.setSync('k', value);
        else assert.equal(cache.addSync('k', value), true);
        assert.equal(cache.getSync('k'), value);
        assert.equal(cache.statsSync().entries, 1);
        place.end();
      }
    }
  });

  it('is not there to be deleted, and gone afterwards; so after a set without time to live', () => {
    for (const change of [
      (cache: PrimitiveCache) => assert.equal(cache.deleteSync('k'), false),
      (cache: PrimitiveCache) => assert.equal(cache.deleteManySync(['k']), 0),
      (cache: PrimitiveCache) => cache.setSync('k', 'new', 0),
      (cache: PrimitiveCache) => assert.equal(cache.addSync('k', 'new', 0), true),
      (cache: PrimitiveCache) => cache.clearSync(),
    ]) {
      const [place, cache] = stale();
      change(cache);
      assert.equal(cache.recallSync('k'), undefined);
      assert.equal(cache.statsSync().deletes, 0);
      place.end();
    }
  });

  it('is renewed without its value, which may be near by again', () => {
    const [place, cache] = stale();
    assert.equal(cache.renewSync('k', 1000, 2000), true);
    for (let i = 0; i < 4; i++) assert.equal(cache.getSync('k'), 'old');
    place.clock.advance(2500);
    assert.equal(cache.getSync('k'), undefined);
    assert.equal(cache.recallSync('k')?.left, -1500);
    place.clock.advance(500);
    assert.equal(cache.recallSync('k'), undefined);
    assert.equal(cache.renewSync('k', 1000, 2000), false);
    place.end();
  });

  it('can be what was stored without time to be stale, and is renewed with some', () => {
    const place = new Place();
    const cache = place.open();
    for (const value of VALUES) {
      cache.setSync('k', value, 1000);
      assert.equal(cache.renewSync('k', 1000, Number.POSITIVE_INFINITY), true);
      place.clock.advance(1e9);
      assert.equal(cache.getSync('k'), undefined);
      assert.deepStrictEqual(cache.recallSync('k')?.value, value);
      assert.equal(cache.renewSync('k', 1000, 0), true);
      assert.deepStrictEqual(cache.getSync('k'), value);
      place.clock.advance(1000);
      assert.equal(cache.recallSync('k'), undefined);
    }
    place.end();
  });

  it('that has no room for its extras lives on without them', () => {
    const place = new Place();
    const cache = place.open();
    const value = 'x'.repeat(2 ** 17);
    cache.setSync('k', value, 1000);
    assert.equal(cache.renewSync('k', 3000, 1000), true);
    assert.deepStrictEqual(cache.recallSync('k'), { value, left: 3000, loadTime: 0, tags: [] });
    assert.throws(() => cache.store('k', value, 1000, { staleFor: 1 }), { name: 'ValueTooLargeError' });
    assert.equal(cache.getSync('k'), value);
    place.end();
  });
});

describe('a tag that is deleted', () => {
  it('takes all entries that were stored with it before, stale ones too, and no other', () => {
    const own = Array.from({ length: 20 }, (_, i) => `t${i}`);
    const place = Place.apart(...own.map((tag) => `:${tag}`), ':all', 'other:t1', 'other:all');
    const cache = place.open();
    const other = place.open({ keyPrefix: 'other' });
    for (const [i, tag] of own.entries()) cache.store(`k${i}`, i, 1000, { staleFor: 1000, tags: [tag, 'all'] });
    cache.store('plain', 1, 1e6);
    other.store('k1', 1, 1e6, { tags: ['t1', 'all'] });
    for (let round = 0; round < 3; round++) for (let i = 0; i < 20; i++) assert.equal(cache.getSync(`k${i}`), i);
    cache.removeTagsSync('t1', 't2');
    for (const i of own.keys()) assert.equal(cache.hasSync(`k${i}`), i !== 1 && i !== 2, `k${i}`);
    assert.equal(cache.statsSync().entries, 18 + 2);
    assert.equal(cache.addSync('k1', 'new'), true);
    assert.equal(cache.getSync('k1'), 'new');
    place.clock.advance(1500);
    assert.equal(cache.recallSync('k19')?.value, 19);
    cache.removeTagsSync('all');
    for (let i = 2; i < 20; i++) {
      assert.equal(cache.recallSync(`k${i}`), undefined);
      assert.equal(cache.renewSync(`k${i}`, 1000, 0), false);
      assert.equal(cache.deleteSync(`k${i}`), false);
    }
    assert.deepStrictEqual([cache.getSync('k1'), cache.getSync('plain'), other.getSync('k1')], ['new', 1, 1]);
    assert.equal(cache.statsSync().evictions, 0);
    place.end();
  });

  it('is no hindrance to what is stored with it afterwards', () => {
    const place = new Place();
    const cache = place.open();
    for (let i = 0; i < 100; i++) {
      cache.removeTagsSync('t');
      assert.equal(cache.getSync('k'), undefined);
      cache.store('k', { i }, 1000, { tags: ['t'] });
      for (let read = 0; read < 4; read++) assert.deepStrictEqual(cache.getSync('k'), { i });
    }
    place.end();
  });

  it('stays deleted when nobody was there meanwhile, and its counter comes round', () => {
    const place = Place.apart(':t', ':u');
    const cache = place.open();
    cache.store('k', 'v', 1e6, { tags: ['t'] });
    cache.store('j', 'v', 1e6, { tags: ['u'] });
    cache.removeTagsSync('t');
    place.end();
    const again = place.open();
    assert.equal(again.recallSync('k'), undefined);
    assert.equal(again.getSync('j'), 'v');
    place.end();
    const last = place.open();
    place.within((segment) => {
      const { tags } = segment.clears;
      const cell = tags.cellOf(tags.hashOfPrefix(''), 't');
      // What so many deletions would have led to, the sum included.
      const { tagsAt } = segment.layout;
      new Int32Array(segment.header.buffer, tagsAt, segment.layout.tagCells)[cell] = -1;
      tags.settle();
      last.store('met', 'v', 1e6, { tags: ['t'] });
      last.removeTagsSync('t');
      assert.equal(tags.count(cell), 0);
    });
    for (const key of ['k', 'j', 'met']) assert.equal(last.recallSync(key), undefined, key);
    last.store('k', 'after', 1e6, { tags: ['t'] });
    assert.equal(last.getSync('k'), 'after');
    place.end();
  });
});

describe('a table of tags that is damaged', () => {
  const damage = (words: Int32Array): Record<string, () => void> => ({
    'a counter of before': () => words.fill(0),
    'two counters for each other': () => {
      const at = words.findIndex((count) => count !== 0);
      [words[at], words[at ^ 1]] = [words[at ^ 1]!, words[at]!];
    },
  });
  for (const title of Object.keys(damage(new Int32Array(2)))) {
    it(`brings nothing back: ${title}`, () => {
      const place = new Place();
      const cache = place.open();
      cache.store('k', 'v', 1e6, { tags: ['t'] });
      cache.removeTagsSync('t');
      place.within(({ header, layout }) => {
        damage(new Int32Array(header.buffer, layout.tagsAt, layout.tagCells))[title]!();
      });
      place.end();
      const again = place.open();
      assert.equal(again.recallSync('k'), undefined);
      again.store('k', 'v', 1e6, { tags: ['t'] });
      assert.equal(again.getSync('k'), 'v');
      place.end();
      assert.equal(place.open().getSync('k'), 'v');
      place.end();
    });
  }

  it('is not what somebody leaves who died between its two steps', () => {
    const place = Place.apart(':t', ':u');
    const cache = place.open();
    cache.store('k', 'v', 1e6, { tags: ['t'] });
    cache.store('j', 'v', 1e6, { tags: ['u'] });
    place.within(({ header, layout, clears }) => {
      const cell = clears.tags.cellOf(clears.tags.hashOfPrefix(''), 't');
      new Int32Array(header.buffer, layout.tagsAt, layout.tagCells)[cell]!++;
      assert.equal(header[HEADER.CLEARED], 0);
    });
    place.end();
    const again = place.open();
    assert.deepStrictEqual([again.getSync('k'), again.getSync('j')], [undefined, 'v']);
    place.end();
  });
});

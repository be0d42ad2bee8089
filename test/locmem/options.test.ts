import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LocMemCache, type LocMemCacheOptions } from 'locmem';

const WRONG: readonly [title: string, options: unknown, shows: RegExp][] = [
  ['no object', 5, /LocMemCache takes an object of options; got 5/],
  ['null', null, /got null/],
  ['a list', [], /got \[\]/],
  ['a Map', new Map(), /takes an object of options; got Map/],
  ['a Date', new Date(0), /takes an object of options; got 1970/],
  ['an instance of a class', new (class Own {})(), /takes an object of options; got Own/],
  ['an unknown option', { maxEntires: 5 }, /'maxEntires'.*Did you mean 'maxEntries'.*Known: ttl, .*maxEntries/],
  ['maxEntries of 0', { maxEntries: 0 }, /maxEntries is a whole number from 1 to 16777216; got 0/],
  ['negative maxEntries', { maxEntries: -5 }, /maxEntries.*got -5/],
  ['fractional maxEntries', { maxEntries: 1.5 }, /maxEntries.*got 1\.5/],
  ['infinite maxEntries', { maxEntries: Number.POSITIVE_INFINITY }, /maxEntries.*got Infinity/],
  ['maxEntries of NaN', { maxEntries: Number.NaN }, /maxEntries.*got NaN/],
  ['maxEntries as text', { maxEntries: '300' }, /maxEntries.*got '300'/],
  ['maxEntries of null', { maxEntries: null }, /maxEntries.*got null/],
  ['more entries than a Map holds', { maxEntries: 2 ** 24 + 1 }, /maxEntries.*got 16777217/],
  ['negative cullFrequency', { cullFrequency: -1 }, /cullFrequency.*got -1/],
  ['fractional cullFrequency', { cullFrequency: 0.5 }, /cullFrequency.*got 0\.5/],
  ['cullFrequency as text', { cullFrequency: '3' }, /cullFrequency.*got '3'/],
  ['an unknown policy', { policy: 'lfu' }, /policy is one of lru, tinylfu; got 'lfu'/],
  ['an unknown mode of values', { values: 'clone' }, /values is one of copy, frozen, reference; got 'clone'/],
  ['maxSize of 0', { maxSize: 0 }, /maxSize.*got 0/],
  ['an unreadable maxSize', { maxSize: 'large' }, /maxSize.*got 'large'/],
  ['sizeOf that is none', { maxSize: 1, sizeOf: 5 }, /sizeOf is a function.*got 5/],
  ['negative ttlResolution', { ttlResolution: -1 }, /ttlResolution.*got -1/],
  ['ttlResolution of NaN', { ttlResolution: Number.NaN }, /ttlResolution.*got NaN/],
  ['infinite ttlResolution', { ttlResolution: Number.POSITIVE_INFINITY }, /ttlResolution.*got Infinity/],
  ['ttlResolution as text', { ttlResolution: '1' }, /ttlResolution.*got '1'/],
  ['a clock without now()', { clock: {} }, /clock.*now\(\).*got \{\}/],
  ['a clock that is null', { clock: null }, /clock.*got null/],
  ['an empty location', { location: '' }, /location.*got ''/],
  ['a location that is no text', { location: 5 }, /location.*got 5/],
  ['an unreadable ttl', { ttl: 'soon' }, /ttl.*got 'soon'/],
];

describe('options of LocMemCache', () => {
  for (const [title, options, shows] of WRONG) {
    it(`${title} is an InvalidConfigError that shows it`, () => {
      assert.throws(() => new LocMemCache(options as LocMemCacheOptions), {
        name: 'InvalidConfigError',
        code: 'ERR_LOCMEM_INVALID_CONFIG',
        message: shows,
      });
    });
  }

  it('the smallest and the largest are taken', () => {
    for (const options of [
      { maxEntries: 1 },
      { maxEntries: 2 ** 24 },
      { cullFrequency: 0 },
      { maxSize: 64 },
      { ttlResolution: 0 },
      { ttlResolution: 1000 },
      { ttl: 0 },
      { ttl: null },
      { version: 0 },
    ]) {
      new LocMemCache(options).setSync('k', 1);
    }
  });

  it('holds 300 entries for 5 minutes by default', () => {
    let now = 0;
    const cache = new LocMemCache({ clock: { now: () => now } });
    for (let i = 0; i < 400; i++) cache.setSync(`k${i}`, i);
    assert.equal(cache.statsSync().entries, 300);
    now = 299_999;
    assert.equal(cache.statsSync().entries, 300);
    now = 300_000;
    assert.equal(cache.statsSync().entries, 0);
  });
});

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Best } from '../../examples/cities/best.js';
import { prefixMatcher } from '../../examples/cities/distance.js';
import type { Measured } from '../../examples/cities/figures.js';
import { fold } from '../../examples/cities/fold.js';
import { kilometres, nearest } from '../../examples/cities/nearest.js';
import { readOptions } from '../../examples/cities/options.js';
import { loadPlaces } from '../../examples/cities/places.js';
import { search } from '../../examples/cities/search.js';
import { formatTable } from '../../examples/cities/table.js';
import { prepareWorkload } from '../../examples/cities/workload.js';

const places = await loadPlaces();
const first = (text: string) => {
  const [place] = search(places, text, 3);
  return place && `${place.name} ${place.country}`;
};

suite('cities: search', () => {
  test('the data set is the whole one', () => assert.ok(places.length > 100_000));

  for (const [text, name] of [
    ['pari', 'Paris FR'],
    ['PARIS', 'Paris FR'],
    ['pairs', 'Paris FR'],
    ['berlni', 'Berlin DE'],
    ['londn', 'London GB'],
    ['sao paolo', 'São Paulo BR'],
    ['reykjavik', 'Reykjavík IS'],
    ['Lodz', 'Łódź PL'],
    ['new york', 'New York City US'],
    ['janeiro', 'Rio de Janeiro BR'],
  ]) {
    test(`${text} finds ${name} first`, () => assert.equal(first(text), name));
  }

  test('what no name is like finds nothing', () => assert.deepEqual(search(places, 'xqzxqzxqz', 5), []));

  test('accents, case and punctuation do not count', () => {
    assert.equal(fold('  Saint-Étienne (Loire) '), 'saint etienne loire');
    assert.equal(fold('Łódź'), 'lodz');
    assert.equal(fold('İstanbul'), fold('istanbul'));
    assert.equal(fold('!?'), '');
  });

  test('the banded distance is that of the full table', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(letters, letters, fc.integer({ min: 0, max: 2 }), (query, text, limit) => {
        const prefixes = Array.from({ length: text.length + 1 }, (_, end) => fullDistance(query, text.slice(0, end)));
        const mistakes = Math.min(...prefixes);
        const match = prefixMatcher(query, limit)(text, 0);
        assert.equal(match?.mistakes, mistakes <= limit ? mistakes : undefined);
        if (match) assert.equal(match.complete, prefixes[text.length] === mistakes);
      }),
      { numRuns: 500 },
    );
  });

  test('the best few are those that sorting would give', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: 1, max: 5 }), (scores, count) => {
        const best = new Best<number>(count);
        for (const [index, score] of scores.entries()) best.offer(index, score);
        const sorted = scores.map((score, item) => ({ item, score })).sort((a, b) => b.score - a.score);
        assert.deepEqual(best.items(), sorted.slice(0, count));
      }),
    );
  });
});

suite('cities: nearest', () => {
  test('a great-circle distance that is known', () => {
    assert.ok(Math.abs(kilometres(48.8566, 2.3522, 51.5074, -0.1278) - 343.6) < 0.5);
    assert.equal(kilometres(10, 20, 10, 20), 0);
    assert.ok(Math.abs(kilometres(0, 179.5, 0, -179.5) - 111.2) < 0.1);
  });

  test('Paris is what is near Paris, then its neighbours', () => {
    const near = nearest(places, 48.9, 2.4, 8);
    assert.equal(near.length, 8);
    assert.equal(near[0].name, 'Paris');
    assert.ok(near.every((place) => place.km < 30));
  });

  test('the date line is no border', () => {
    const near = nearest(places, -16.8, 180, 8);
    assert.deepEqual(near, nearest(places, -16.8, -180, 8));
    assert.equal(near[0].country, 'FJ');
  });
});

suite('cities: the load', () => {
  const workload = prepareWorkload(places);
  const take = (seed: number, count: number) => {
    const paths = workload(seed);
    return Array.from({ length: count }, () => paths.next().value);
  };

  test('one seed, one row of requests', () => {
    assert.deepEqual(take(7, 300), take(7, 300));
    assert.notDeepEqual(take(7, 300), take(8, 300));
  });

  test('some requests come often, many only once', () => {
    const counts = new Map<string, number>();
    for (const path of take(1, 3000)) counts.set(path, (counts.get(path) ?? 0) + 1);
    const often = [...counts.values()].sort((a, b) => b - a);
    assert.ok(often[0] > 60, `the most popular came ${often[0]} times`);
    assert.ok(often.filter((count) => count === 1).length > 400);
  });
});

suite('cities: the table', () => {
  test('a row for each mode, aligned', () => {
    const measured: Measured = {
      mode: 'none',
      requests: 1200,
      perSecond: 40,
      p50: 45.4,
      p99: 120,
      hitRatio: 0,
      recentHitRatio: 0,
      recentMs: 45,
    };
    const none = { id: 'none', label: 'No cache', measured, entries: undefined, evictions: undefined };
    const lru = {
      id: 'lru',
      label: 'LRU',
      measured: { ...measured, mode: 'lru', perSecond: 100, p50: 0.5, hitRatio: 0.625 },
    };
    const late = { id: 'late', label: 'Late', measured: undefined, entries: 0, evictions: 0 };
    const table = formatTable([none, { ...lru, entries: 64, evictions: 9 }, late]);
    const lines = table.split('\n');
    assert.equal(lines.length, 5);
    assert.equal(new Set(lines.map((line) => line.length)).size, 1, table);
    assert.match(lines[2], /^No cache +40 +45 ms +120 ms +- +1,200$/);
    assert.match(lines[3], /^LRU +100 \(x2\.5\) +0\.50 ms +120 ms +62\.5 % +1,200$/);
    assert.match(lines[4], /^Late/);
  });
});

suite('cities: options', () => {
  test('what may be asked for', () => {
    assert.deepEqual(readOptions([]), { help: false, port: 8080, runFor: undefined });
    assert.deepEqual(readOptions(['--for', '5s', '--port=0']), { help: false, port: 0, runFor: 5000 });
  });

  for (const args of [
    ['--for', 'soon'],
    ['--for', '5'],
    ['--for='],
    ['--for=-5s'],
    ['--port', '65536'],
    ['--port', '1e3'],
    ['--prot', '80'],
    ['--port'],
    ['extra'],
  ]) {
    test(`${args.join(' ')} is refused`, () => assert.throws(() => readOptions(args), /--|extra/));
  }
});

/** The optimal string alignment distance, as the textbook has it. */
function fullDistance(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i || j));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const changed = table[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      table[i][j] = Math.min(changed, table[i - 1][j] + 1, table[i][j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        table[i][j] = Math.min(table[i][j], table[i - 2][j - 2] + 1);
      }
    }
  }
  return table[a.length][b.length];
}

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Best } from '../../examples/cities/best.js';
import { prefixMatcher } from '../../examples/cities/distance.js';
import type { Measured, ModeFigures } from '../../examples/cities/figures.js';
import { fold } from '../../examples/cities/fold.js';
import { proportionalBytes } from '../../examples/cities/memory.js';
import { kilometres, nearest } from '../../examples/cities/nearest.js';
import { readOptions } from '../../examples/cities/options.js';
import { loadPlaces } from '../../examples/cities/places.js';
import { firstRequests, scheduleOf } from '../../examples/cities/schedule.js';
import { search } from '../../examples/cities/search.js';
import { comparisonTable, formatMemory, killTable, outageTable, restartTable } from '../../examples/cities/table.js';
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

suite('cities: the tables', () => {
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
  const lap = {
    mode: 'shared',
    requests: 1500,
    hitRatio: 0.7,
    cutOff: 0,
    failed: 0,
    firstFailure: undefined,
    slowestMs: 90,
  };
  const modes: ModeFigures[] = [
    { id: 'none', label: 'No cache', about: 'none', cacheOf: 'none', measured, caches: undefined, laps: {} },
    {
      id: 'shared',
      label: 'SharedCache',
      about: 'one for all',
      cacheOf: 'all workers',
      measured: { ...measured, mode: 'shared', perSecond: 100, p50: 0.5, hitRatio: 0.625 },
      caches: { entries: 64, bytes: 100 * 1024 },
      laps: {
        before: lap,
        killed: { ...lap, requests: 90, hitRatio: 0.75, cutOff: 1, failed: 2 },
        restarted: { ...lap, requests: 24, hitRatio: 0.5 },
        away: { ...lap, requests: 7, failed: 30, slowestMs: 1004 },
        back: lap,
      },
    },
    {
      id: 'late',
      label: 'Late',
      about: 'not yet',
      cacheOf: 'each worker',
      measured: undefined,
      caches: undefined,
      laps: {},
    },
  ];
  const linesOf = (table: string) => {
    const lines = table.split('\n');
    assert.equal(new Set(lines.map((line) => line.length)).size, 1, table);
    return lines;
  };

  test('the comparison: a row for each mode', () => {
    const lines = linesOf(comparisonTable(modes));
    assert.equal(lines.length, 5);
    assert.match(lines[2], /^No cache +40 +45 ms +120 ms +- +- +- +1,200$/);
    assert.match(lines[3], /^SharedCache +100 \(x2\.5\) +0\.50 ms +120 ms +62\.5 % +64 +100 kB +1,200$/);
    assert.match(lines[4], /^Late/);
  });

  test('the kill and the restart: a row for each cache', () => {
    const kill = linesOf(killTable(modes));
    assert.equal(kill.length, 4);
    assert.match(kill[2], /^SharedCache +70\.0 % +75\.0 % +90 +1 +2$/);
    assert.match(kill[3], /^Late +- +- +0 +- +-$/);
    const restart = linesOf(restartTable(modes));
    assert.match(restart[2], /^SharedCache +50\.0 % +70\.0 % +24 +0$/);
    const outage = linesOf(outageTable(modes));
    assert.equal(outage.length, 3, 'of those that have a Redis');
    assert.match(outage[2], /^SharedCache +7 +30 +1004 ms +70\.0 % +0$/);
  });

  test('the line of the memory says what it counts', () => {
    const rss = 700 * 2 ** 20;
    assert.match(formatMemory({ rss, pss: 600 * 2 ** 20 }, 4), /4 workers.* 600 MB \(PSS.*RSS.* 700 MB\)$/);
    assert.match(formatMemory({ rss, pss: undefined }, 4), /4 workers.* 700 MB \(RSS[^)]*\)$/);
  });
});

suite('cities: the schedule', () => {
  test('takes its shares of the time, between bounds', () => {
    assert.deepEqual(scheduleOf(10_000), { compare: 5000, kill: 1500, first: 2000, outage: 750 });
    assert.deepEqual(scheduleOf(-500), { compare: 800, kill: 400, first: 400, outage: 300 });
    const unbounded = scheduleOf(Infinity);
    assert.ok(Object.values(unbounded).every(Number.isFinite));
  });

  test('the first requests are as many as there is time for, were all of them misses', () => {
    assert.equal(firstRequests(6000, 50, 3), 100);
    assert.equal(firstRequests(6000, 5000, 3), 200);
    assert.equal(firstRequests(100, 5, 3), 24);
  });
});

suite('cities: the memory', () => {
  test('this process shares pages with no fewer than none', {
    skip: !existsSync('/proc/self/smaps_rollup'),
  }, async () => {
    const bytes = await proportionalBytes([process.pid]);
    assert.ok(bytes !== undefined && bytes > 2 ** 20 && bytes <= process.memoryUsage.rss() * 1.5, String(bytes));
  });

  test('where it is not told, it is not known', async () =>
    assert.equal(await proportionalBytes([2 ** 30]), undefined));
});

suite('cities: options', () => {
  test('what may be asked for', () => {
    assert.deepEqual(readOptions([]), { help: false, workers: 4, port: 8080, runFor: undefined });
    assert.deepEqual(readOptions(['--for', '5s', '--port=0', '--workers', '2']), {
      help: false,
      workers: 2,
      port: 0,
      runFor: 5000,
    });
  });

  for (const args of [
    ['--for', 'soon'],
    ['--for', '5'],
    ['--for='],
    ['--for=-5s'],
    ['--workers', '1'],
    ['--workers', '17'],
    ['--workers', '2.5'],
    ['--workers='],
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

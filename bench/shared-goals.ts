import type { Figure } from './contract.js';
import { lmdbBatched, lmdbMapBatched, lmdbMapSync, lmdbSync } from './peers/lmdb.js';
import { redis } from './peers/redis.js';
import { sharedCopy, sharedFrozen, sharedNear, sharedPlain } from './peers/shared-cache.js';
import { columnOf } from './rounds.js';
import { ATTACH, COLUMN } from './scenarios/shared-attach.js';
import { MOSTLY_READS, processesColumn } from './scenarios/shared-processes.js';
import { FEW, type Kind, LONG, MANY, OBJECT, TEXT } from './scenarios/shared-values.js';
import { atMost, type Ratio, type Run, type Verdict } from './verdict.js';

const MOST_ATTACH_MS = 20;

/** The goals of a `SharedCache`. */
export function judgeShared(run: Run): Verdict[] {
  return [
    atMost(1.2, 'shared, near hit of strings: at most 1.2 × lru-cache with ttl', [
      ...overLruCache(run, [sharedCopy.name, sharedFrozen.name], [TEXT, LONG], [FEW, MANY]),
    ]),
    atMost(1.2, 'shared, near hit of objects, 300 keys: at most 1.2 × lru-cache with ttl (which shares them)', [
      ...overLruCache(run, [sharedCopy.name, sharedFrozen.name], [OBJECT], [FEW]),
    ]),
    atMost(1, 'shared, near hit of objects, 100,000 keys: ahead of lru-cache with ttl', [
      ...overLruCache(run, [sharedCopy.name, sharedFrozen.name], [OBJECT], [MANY]),
    ]),
    atMost(1 / 1000, 'shared, near hit: at least 1000 × as fast as Redis, 300 keys', overRedis(run)),
    ...[TEXT, OBJECT].map((kind) =>
      atMost(1 / 2, `shared, read from the segment: at least 2 × as fast as lmdb, ${kind.name}`, [
        ...between(run, 'shared-read', kind, sharedPlain.name, lmdbBatched.name),
      ]),
    ),
    ...[lmdbBatched, lmdbMapBatched].map(({ name }) =>
      atMost(1 / 1.5, `shared, \`setSync\` of an object: at least 1.5 × as fast as batches of ${name}`, [
        ...between(run, 'shared-set', OBJECT, sharedNear.name, name),
      ]),
    ),
    ...[lmdbSync, lmdbMapSync].map(({ name }) =>
      atMost(1 / 6, `shared, \`setSync\` of an object: at least 6 × as fast as ${name}`, [
        ...between(run, 'shared-set', OBJECT, sharedNear.name, name),
      ]),
    ),
    atMost(1 / 1.8, 'shared, 2 processes, 95 % reads: at least 1.8 × what one does', twoOverOne(run)),
    attach(run),
  ];
}

function overLruCache(run: Run, own: readonly string[], kinds: readonly Kind[], columns: readonly string[]): Ratio[] {
  return kinds.flatMap((kind) =>
    columns.flatMap((column) => {
      const figures = columnOf(run.get('shared-hit'), kind.name, column);
      return own.flatMap((name) => {
        const how = name.slice(name.indexOf(',') + 2);
        return over(figures.get(name), figures.get('lru-cache'), `lru-cache (${kind.name}, ${how}, ${column})`);
      });
    }),
  );
}

function overRedis(run: Run): Ratio[] {
  return [TEXT, LONG, OBJECT].flatMap((kind) => {
    const near = columnOf(run.get('shared-hit'), kind.name, FEW);
    const asked = columnOf(run.get('shared-read'), kind.name, FEW).get(redis.name);
    return [sharedCopy, sharedFrozen].flatMap(({ name }) =>
      over(near.get(name), asked, `redis (${kind.name}${name.slice(name.indexOf(','))})`),
    );
  });
}

function between(run: Run, scenario: string, kind: Kind, own: string, peer: string): Ratio[] {
  return [FEW, MANY].flatMap((column) => {
    const figures = columnOf(run.get(scenario), kind.name, column);
    return over(figures.get(own), figures.get(peer), `${peer} (${column})`);
  });
}

function twoOverOne(run: Run): Ratio[] {
  const results = run.get('shared-processes');
  return [sharedNear, sharedPlain].flatMap(({ name }) => {
    const [two, one] = [2, 1].map((count) => columnOf(results, MOSTLY_READS, processesColumn(count)).get(name));
    return over(two, one, `one process (${name})`);
  });
}

function attach(run: Run): Verdict {
  const goal = `shared, attach to 1 GiB: under ${MOST_ATTACH_MS} ms to the first hit`;
  const milliseconds = columnOf(run.get('shared-attach'), 'attach', COLUMN).get(ATTACH)?.value ?? Number.NaN;
  if (Number.isNaN(milliseconds)) return { goal, measured: '', verdict: 'not measured' };
  const verdict = milliseconds < MOST_ATTACH_MS ? 'met' : 'missed';
  return { goal, measured: `${milliseconds.toFixed(1)} ms`, verdict };
}

function over(mine: Figure | undefined, theirs: Figure | undefined, peer: string): Ratio[] {
  return mine === undefined || theirs === undefined ? [] : [{ peer, ratio: mine.value / theirs.value }];
}

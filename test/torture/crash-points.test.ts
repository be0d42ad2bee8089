import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { SharedCache } from 'locmem';
import { checkSegment } from '../shared/check-segment.js';
import { type CrashOperation, LARGE, OPERATIONS, OTHER, SMALL } from './crash-operations.js';
import { Child, freshLocation, IS_LONG } from './shared-place.js';

const PROGRAM = './crash-process.js';
const OTHERS = 60;
/** Eviction repeats its steps for each entry that has to go: so many rounds of each are enough. */
const ROUNDS = IS_LONG ? 20 : 1;
const AT_ONCE = 4;
const MOST_TRIES = 20;
const fired = new Set<string>();

/** A segment that is full, with entries that anybody can check. */
function fill(location: string): SharedCache {
  const cache = new SharedCache({ location, maxBytes: '128kb', ttl: null });
  for (let i = 0; i < 800; i++) cache.setSync(`filler ${i}`, `${i}`.padEnd(100, 'f'));
  for (let i = 0; i < OTHERS; i++) cache.setSync(`other ${i}`, `${i}`.padEnd(100, 'o'));
  cache.setSync('victim', SMALL);
  cache.setSync('number', 41);
  return cache;
}

function checkOthers(cache: SharedCache, before: ReadonlyMap<string, unknown>): void {
  const evictions = cache.statsSync().evictions!;
  const found = cache.getManySync(before.keys());
  for (const [key, value] of found) assert.equal(value, before.get(key), key);
  // What the operation had to evict was evicted, and counted or about to be; nothing else is gone.
  assert.ok(
    before.size - found.size <= evictions + 1 - evictionsBefore.get(cache)!,
    `${before.size - found.size} are gone`,
  );
}

const evictionsBefore = new WeakMap<SharedCache, number>();

function checkInFlight(cache: SharedCache, { key, name, mayLose }: CrashOperation): void {
  const value = cache.getSync(key);
  if (key === 'number') assert.ok(value === 41 || value === 42, `the counter is ${value}`);
  else if (typeof value === 'object') assert.deepStrictEqual(value, { shape: 'new' }, name);
  else assert.ok([undefined, SMALL, OTHER, LARGE].includes(value as string), `${name}: ${value}`);
  if (!mayLose) assert.notEqual(value, undefined, `${name} lost its entry`);
}

/** Which steps an operation takes depends on the segment's seed: where a step is not come to, another is made. */
async function dieAt(operation: CrashOperation, title: string, round: number): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const location = freshLocation();
    using cache = disposable(fill(location));
    const keys = Array.from({ length: OTHERS }, (_, i) => `other ${i}`);
    const before = cache.getManySync(keys);
    evictionsBefore.set(cache, cache.statsSync().evictions!);
    const ending = await new Child(PROGRAM, location, operation.name, title, String(round)).end();
    if (ending === 0) continue;
    assert.equal(ending, 'SIGKILL', `${operation.name}: ${title}`);
    fired.add(`${operation.name}: ${title}`);
    checkOthers(cache, before);
    checkInFlight(cache, operation);
    checkWorks(cache);
    checkSegment(location, '128kb');
    return;
  }
  // The first rounds of a step were seen; a later one may be a rare thing.
  assert.notEqual(round, 0, `${operation.name} never came to: ${title}`);
}

/** Everything goes on at once, in every shard. */
function checkWorks(cache: SharedCache): void {
  for (let i = 0; i < 20; i++) {
    cache.setSync(`after ${i}`, LARGE);
    assert.equal(cache.getSync(`after ${i}`), LARGE);
  }
  cache.setSync('victim', OTHER);
  cache.setSync('number', 1);
  assert.equal(cache.incrSync('number'), 2);
  assert.equal(cache.getSync('victim'), OTHER);
}

function disposable(cache: SharedCache): SharedCache & Disposable {
  return Object.assign(cache, { [Symbol.dispose]: () => cache.closeSync() });
}

describe('a process that is killed at any step of a write', () => {
  after(() => {
    const steps = new Set([...fired].map((point) => point.split(': ')[1]));
    console.log(`${fired.size} crash points fired: ${[...steps].sort().join(', ')}`);
  });

  for (const operation of OPERATIONS) {
    it(`leaves all but its own entry, in ${operation.name}`, async () => {
      const location = freshLocation();
      fill(location).closeSync();
      const steps = (await new Child(PROGRAM, location, operation.name).next()) as string[];
      assert.ok(Array.isArray(steps) && steps.length > 5, JSON.stringify(steps));
      const rounds = new Map<string, number>();
      for (const title of steps) rounds.set(title, Math.min(ROUNDS, (rounds.get(title) ?? 0) + 1));
      // What follows a step is the state before the next; what stands between them is seen in the long form.
      const points = [...rounds]
        .filter(([title]) => IS_LONG || title.startsWith('after'))
        .flatMap(([title, count]) => Array.from({ length: count }, (_, round) => ({ title, round })));
      for (let i = 0; i < points.length; i += AT_ONCE) {
        await Promise.all(points.slice(i, i + AT_ONCE).map(({ title, round }) => dieAt(operation, title, round)));
      }
    });
  }
});

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Cache } from 'locmem';
import { once } from '../conformance/redis-place.js';
import { MemcachedServer } from '../servers/memcached-server.js';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { checkSegment } from '../shared/check-segment.js';
import { Fleet } from './fleet.js';
import { type Backend, KEY, madeBy, openCache, planOf, TAG } from './fleet-rounds.js';
import { freshLocation } from './shared-place.js';

const PROCESSES = 64;
const ROUNDS = Number(process.env.FLEET_ROUNDS ?? 1000);

/** The members that ran the factory in a round, in turn, by the marks that they have left. */
function runnersOf(round: number, marks: string): number[] {
  const runs = readdirSync(marks).filter((mark) => mark.startsWith(`${round}.`));
  return runs.map((_, run) => Number(readFileSync(join(marks, `${round}.${run}`), 'utf8')));
}

/** In a round all ask for one key. One runs the factory; where that fails or is killed, it is one of the others after it. */
async function playRound(fleet: Fleet, round: number, isKilled: boolean, marks: string): Promise<void> {
  const outcomes = await fleet.play(round, isKilled ? 'is killed' : 'goes on');
  const runners = runnersOf(round, marks);
  const { failures } = planOf(round);
  const last = failures + (isKilled ? 1 : 0);
  assert.equal(runners.length, last + 1, `round ${round}: the factory ran in the processes ${runners.join(', ')}`);
  for (const [member, outcome] of outcomes) {
    const run = runners.indexOf(member);
    const told = run < 0 ? madeBy(runners[last]!, round, last) : madeBy(member, round, run);
    const expected = isKilled && run === 0 ? { ended: 'SIGKILL' } : [told, told];
    assert.deepStrictEqual(outcome, expected, `round ${round}, process ${member}: ${JSON.stringify(outcome)}`);
  }
  if (isKilled) await fleet.enlist([runners[0]!]);
}

/** @param kills how many rounds there are between those in which the one that runs the factory is killed. */
async function playAll(backend: Backend, where: string, cache: Cache, kills: number): Promise<void> {
  const marks = mkdtempSync(join(tmpdir(), 'locmem-fleet-'));
  const t0 = performance.now();
  const fleet = await Fleet.start(PROCESSES, backend, where, marks);
  const t1 = performance.now();
  const took: Record<string, number> = {};
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const t = performance.now();
      const isKilled = round % kills === 22;
      await playRound(fleet, round, isKilled, marks);
      // All have their answers, which nobody has before the entry is stored: none can come after this.
      if (round % 2 === 0) assert.ok(await cache.delete(KEY), `round ${round}: there was no entry`);
      else await cache.deleteTag(TAG);
      const k = isKilled ? 'killed' : String(round % 5);
      took[k] = (took[k] ?? 0) + performance.now() - t;
    }
    console.log(backend, 'start', t1 - t0, 'rounds', performance.now() - t1, took);
    assert.deepEqual([...(await fleet.end())], []);
  } finally {
    await fleet.kill();
    rmSync(marks, { recursive: true });
  }
}

describe('64 processes that ask for one key, 1,000 times', () => {
  it('run the factory once a round, by a lease in the segment', async () => {
    const location = freshLocation();
    const cache = openCache('shared', location);
    await playAll('shared', location, cache, 50);
    await cache.close();
    checkSegment(location, '1mb');
  });

  needs('redis-server', () => {
    const started = once(() => RedisServer.start());
    it('run it once a round, by a lease in Redis', async () => {
      const { url } = await started();
      const cache = openCache('redis', url);
      await playAll('redis', url, cache, 1000);
      await cache.close();
    });
  });

  needs('memcached', () => {
    const started = once(() => MemcachedServer.start());
    it('run it once a round, by a lease in memcached', async () => {
      const { url } = await started();
      const cache = openCache('memcached', url);
      await playAll('memcached', url, cache, 1000);
      await cache.close();
    });
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { once } from '../conformance/redis-place.js';
import { MemcachedServer } from '../servers/memcached-server.js';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { checkSegment } from '../shared/check-segment.js';
import { Fleet } from './fleet.js';
import { type Backend, isTagged, KEY, madeBy, openCache, planOf, TAG } from './fleet-rounds.js';
import { freshLocation } from './shared-place.js';

const PROCESSES = 64;
const ROUNDS = 1000;

/** The members that ran the factory in a round, in turn, by the marks that they have left. */
function runnersOf(round: number, marks: string): number[] {
  const runs = readdirSync(marks).filter((mark) => mark.startsWith(`${round}.`));
  return runs.map((_, run) => Number(readFileSync(join(marks, `${round}.${run}`), 'utf8')));
}

/**
 * In a round all ask for one key, and one runs the factory. Where that fails its process has the error, and where it is
 * killed nothing; another runs it then, for all the rest.
 *
 * @returns how often it ran.
 */
async function playRound(fleet: Fleet, round: number, isKilled: boolean, marks: string): Promise<number> {
  const outcomes = await fleet.play(round, isKilled ? 'is killed' : 'goes on');
  const runners = runnersOf(round, marks);
  const last = planOf(round).failures + (isKilled ? 1 : 0);
  assert.equal(runners.length, last + 1, `round ${round}: the factory ran in the processes ${runners.join(', ')}`);
  for (const [member, outcome] of outcomes) {
    const run = runners.indexOf(member);
    const told = run < 0 ? madeBy(runners[last]!, round, last) : madeBy(member, round, run);
    const expected = isKilled && run === 0 ? { ended: 'SIGKILL' } : told;
    assert.deepStrictEqual(outcome, expected, `round ${round}, process ${member}: ${JSON.stringify(outcome)}`);
  }
  if (isKilled) await fleet.enlist([runners[0]!]);
  return runners.length;
}

/** @param killed those of the rounds in which the process that runs the factory is killed: the first run waits in them. */
async function playAll(backend: Backend, where: string, killed: (round: number) => boolean): Promise<void> {
  const marks = mkdtempSync(join(tmpdir(), 'locmem-fleet-'));
  const cache = openCache(backend, where);
  let fleet: Fleet | undefined;
  let runs = 0;
  try {
    fleet = await Fleet.start(PROCESSES, backend, where, marks);
    for (let round = 0; round < ROUNDS; round++) {
      runs += await playRound(fleet, round, killed(round), marks);
      // Who has his answer stores nothing more, so nothing comes back after this.
      if (isTagged(round)) await cache.deleteTag(TAG);
      else assert.ok(await cache.delete(KEY), `round ${round}: there was no entry`);
    }
    await fleet.end();
    assert.equal(readdirSync(marks).length, runs, 'no run came after its round');
  } finally {
    await fleet?.kill();
    await cache.close();
    rmSync(marks, { recursive: true });
  }
}

describe('64 processes that ask for one key, 1,000 times', () => {
  it('run the factory once a round, by a lease in the segment', async () => {
    const location = freshLocation();
    await playAll('shared', location, (round) => round % 40 === 2);
    checkSegment(location, '1mb');
  });

  // Here a lease outlives its owner by seconds.
  needs('redis-server', () => {
    const started = once(() => RedisServer.start());
    it('run it once a round, by a lease in Redis', async () => {
      await playAll('redis', (await started()).url, (round) => round === 2);
    });
  });

  needs('memcached', () => {
    const started = once(() => MemcachedServer.start());
    it('run it once a round, by a lease in memcached', async () => {
      await playAll('memcached', (await started()).url, (round) => round === 2);
    });
  });
});

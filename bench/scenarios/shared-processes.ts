import type { Scenario } from '../contract.js';
import { startWorkers } from '../fleet.js';
import type { Report } from '../fleet-member.js';
import { ipcCache } from '../peers/ipc-cache.js';
import { lmdbMapBatched } from '../peers/lmdb.js';
import { memcached } from '../peers/memcached.js';
import { redis } from '../peers/redis.js';
import { sharedNear, sharedPlain } from '../peers/shared-cache.js';
import { contendersOf, optionsFor } from './shared-calls.js';
import { MANY, TEXT } from './shared-values.js';

export const MOSTLY_READS = '95 % reads';
/** The share of reads, by the name of the table. */
const MIXES: Readonly<Record<string, number>> = { [MOSTLY_READS]: 0.95, '50 % reads': 0.5 };

const peers = contendersOf(
  [sharedNear, sharedPlain, lmdbMapBatched, redis, memcached, ipcCache].map(({ name }) => name),
);

export function processesColumn(count: number): string {
  return count === 1 ? '1 process' : `${count} processes`;
}

export const sharedProcesses: Scenario = {
  name: 'shared-processes',
  about:
    'Several processes at one cache at once, reading and writing 100-byte strings under 100,000 keys by Zipf’s law ' +
    '(0.99): the time that passes for each operation of any of them, and how many all of them together do in a second. ' +
    'On the wall, the median of several bursts. lmdb waits for its writes every 256 operations; those who ask another ' +
    'process have one question under way in each process. In brackets reads that found nothing, where there were any.',
  unit: 'ns',
  combine: 'median',
  rounds: 1,
  tables: Object.keys(MIXES).map((name) => ({ name, contenders: peers, base: sharedNear.name })),
  columns: (effort) => effort.fleets.map(processesColumn),
  async prepare(cell, effort, site) {
    const size = effort.fleets.find((count) => processesColumn(count) === cell.column) as number;
    const options = optionsFor(TEXT, TEXT.keys(MANY, effort), site);
    const reads = MIXES[cell.table] as number;
    const fleet = await startWorkers(size, { peer: cell.contender, kind: TEXT.name, options, reads });
    return async () => {
      const times: number[] = [];
      let misses = 0;
      for (let burst = 0; burst < effort.bursts; burst++) {
        const reports = await fleet.burst({ milliseconds: effort.burstMs, sampleEach: 0 });
        times.push(timeOfEach(reports));
        for (const report of reports) misses += report.misses;
      }
      const value = times.sort((a, b) => a - b)[(times.length - 1) >> 1] as number;
      return misses === 0 ? { value } : { value, note: `${misses} missed` };
    };
  },
};

/** Nanoseconds for each operation of all processes together. */
function timeOfEach(reports: readonly Report[]): number {
  const perMillisecond = reports.reduce((sum, { operations, milliseconds }) => sum + operations / milliseconds, 0);
  return 1e6 / perMillisecond;
}

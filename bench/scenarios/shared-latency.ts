import type { Scenario } from '../contract.js';
import { startWorkers } from '../fleet.js';
import { ipcCache } from '../peers/ipc-cache.js';
import { lmdbMapSync } from '../peers/lmdb.js';
import { memcached } from '../peers/memcached.js';
import { redis } from '../peers/redis.js';
import { sharedNear, sharedPlain } from '../peers/shared-cache.js';
import { contendersOf, optionsFor } from './shared-calls.js';
import { MANY, OBJECT } from './shared-values.js';

const peers = contendersOf([sharedNear, sharedPlain, lmdbMapSync, redis, memcached, ipcCache].map(({ name }) => name));
const READS = 'get';
const PROCESSES = 2;
/** Of the direct ones, one operation of so many has its time taken, so that it is not the clock that is measured. */
const SAMPLE_EACH = 32;
/** A percentile of fewer samples says nothing about one in a thousand. */
const FEWEST = 2000;

export const sharedLatency: Scenario = {
  name: 'shared-latency',
  about:
    `How long single operations take while ${PROCESSES} processes read (95 %) and write objects of ten fields under ` +
    '100,000 keys by Zipf’s law (0.99): the median, in brackets the 99th and 99.9th percentile. Of those that do not ' +
    `ask another process every ${SAMPLE_EACH}nd operation is a sample; reading the clock (some 40 ns) is part of it.`,
  unit: 'ns',
  combine: 'median',
  rounds: 1,
  tables: [{ name: '2 processes', contenders: peers, base: sharedNear.name }],
  columns: () => [READS, 'set'],
  async prepare(cell, effort, site) {
    const options = optionsFor(OBJECT, OBJECT.keys(MANY, effort), site);
    const fleet = await startWorkers(PROCESSES, { peer: cell.contender, kind: OBJECT.name, options, reads: 0.95 });
    return async () => {
      const order = { milliseconds: 2 * effort.bursts * effort.burstMs, sampleEach: SAMPLE_EACH };
      const reports = await fleet.burst(order);
      const times = reports.flatMap(({ reads, writes }) => (cell.column === READS ? reads : writes));
      times.sort((a, b) => a - b);
      const at = (share: number) => times[Math.floor(share * (times.length - 1))] as number;
      const rare = times.length < FEWEST ? '' : `; ${readable(at(0.999))}`;
      return { value: at(0.5), note: `${readable(at(0.99))}${rare}` };
    };
  },
};

function readable(nanoseconds: number): string {
  return nanoseconds < 10_000 ? `${Math.round(nanoseconds)} ns` : `${Math.round(nanoseconds / 1000)} µs`;
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Figures } from './figures.js';
import type { Load } from './load.js';
import { proportionalBytes } from './memory.js';
import { bytesOfAll, bytesOfRedis, type ModeName } from './modes.js';
import type { RedisServer } from './redis-server.js';
import { firstRequests, scheduleOf } from './schedule.js';
import {
  comparisonTable,
  formatBytes,
  formatMemory,
  formatSeconds,
  killTable,
  modesTable,
  outageTable,
  restartTable,
} from './table.js';
import type { Workers } from './workers.js';

export interface Parts {
  readonly modes: readonly ModeName[];
  readonly figures: Figures;
  readonly load: Load;
  readonly workers: Workers;
  /** By the mode that has it to itself. */
  readonly redis: ReadonlyMap<string, RedisServer>;
  /** The port that was asked for. */
  readonly port: number;
  /** In milliseconds since 1970; `Infinity`: it does not end by itself. */
  readonly endsAt: number;
}

/** With an end, what is left then for putting everything away. */
const LAST_MS = 300;
/** So often at most, the open pages are told what is new. */
const SHOW_EVERY_MS = 100;
/** Longer than that, a timer cannot wait: 24 days. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;
const SAMPLE_EVERY_MS = 1000;
/** In the midst of whose requests the worker is killed: where all workers read and write one memory. */
const AMIDST = 'shared';

/** The caches begin empty: in so short a comparison, filling them is most of what is seen. */
const SHORT_COMPARISON_MS = 10_000;
const IT_WAS_SHORT = 'It was short: the caches were still filling up.';

/**
 * The demonstration, from its first part to its last: the comparison of the modes, a worker that is killed, all of them
 * restarted, Redis killed and started again, and then a light load until the end. It tells the terminal and the figures; who calls it puts away the parts.
 *
 * @throws the signal's reason, soon after it is aborted.
 */
export async function demonstrate(parts: Parts, signal: AbortSignal): Promise<void> {
  const { figures, workers, endsAt } = parts;
  figures.on('change', showToPages(parts));
  const starting = performance.now();
  const origin = await start(parts, signal);
  const startMs = performance.now() - starting;
  const sampling = setInterval(() => sample(parts), SAMPLE_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(sampling));

  // The restart will take as long as the start took.
  const left = endsAt - LAST_MS - Date.now() - startMs;
  const schedule = scheduleOf(left);
  await compare(parts, origin, schedule.compare, signal);
  await kill(parts, schedule.kill, signal);
  await restart(parts, schedule.first, signal);
  if (parts.redis.size > 0) await outage(parts, schedule.outage, signal);

  figures.enter('measured');
  workers.on('died', (pid) => {
    figures.workers = workers.pids;
    figures.happened('death', `Worker ${pid} ended; another takes its place.`);
    console.log(`Worker ${pid} ended; another takes its place.`);
  });
  if (endsAt === Infinity) {
    console.log(`\nServing on, under a light load: try a search at ${origin}/, or kill a worker (${pidsOf(workers)}).`);
  }
  // At the least, so long that the open pages have heard of the last part.
  const rest = Math.max(2 * SHOW_EVERY_MS, endsAt - LAST_MS - Date.now());
  await delay(Math.min(LONGEST_DELAY_MS, rest), undefined, { signal });
}

async function start(parts: Parts, signal: AbortSignal): Promise<string> {
  const { figures, workers, redis, port } = parts;
  for (const server of redis.values()) await server.ready();
  signal.throwIfAborted();
  const { port: actual, places } = await workers.start();
  signal.throwIfAborted();
  for (const [mode, server] of redis) await server.boundEntries(bytesOfRedis(mode, workers.count));
  signal.throwIfAborted();
  figures.workers = workers.pids;
  const origin = `http://127.0.0.1:${actual}`;
  console.log(`A search of ${places.toLocaleString('en')} places, at ${origin}/ (Ctrl-C ends it)`);
  if (port !== 0 && actual !== port) console.log(`Port ${port} is not free, so this is another one.`);
  console.log(`${workers.count} workers serve it together: processes ${pidsOf(workers)}.`);
  if (isKnown(parts, 'shared')) {
    console.log(`SharedCache is the file ${workers.location}.`);
    if (redis.size === 0) console.log('There is no redis-server on the PATH: the comparison is without Redis.');
  }
  console.log(`\n${modesTable(parts.modes)}\n`);
  figures.happened('start', `${workers.count} workers serve the port together: processes ${pidsOf(workers)}.`);
  return origin;
}

async function compare(parts: Parts, origin: string, ms: number, signal: AbortSignal): Promise<void> {
  const { modes, figures, load, workers } = parts;
  console.log(isKnown(parts, 'shared') ? `Measuring. ${boundsOf(parts)}` : 'Measuring.');
  figures.enter('measuring');
  const laps = await load.carryOut({
    kind: 'compare',
    origin,
    modes: modes.map((mode) => mode.id),
    clients: workers.count,
    until: Date.now() + ms,
  });
  signal.throwIfAborted();
  figures.recordLaps('before', laps);
  await workers.report();
  await sample(parts);
  signal.throwIfAborted();
  const snapshot = figures.snapshot();
  console.log(`\n${comparisonTable(snapshot.modes)}\n`);
  console.log(formatMemory(snapshot.memory, workers.count));
  console.log(
    `Over HTTP on loopback, by a process of its own with ${workers.count} requests under way, a connection to each worker;\n` +
      'latencies include the wait in line. Every mode gets the same row of requests from its beginning, in short turns;\n' +
      'a faster one gets further in it.',
  );
  if (ms < SHORT_COMPARISON_MS) console.log(IT_WAS_SHORT);
}

async function kill({ figures, load, workers }: Parts, ms: number, signal: AbortSignal): Promise<void> {
  const pid = workers.pids[0];
  figures.enter('killing');
  const gone = workers.expectEnd(pid).then(() => {
    figures.workers = workers.pids;
    if (!signal.aborted) figures.happened('kill', `Worker ${pid} was killed with SIGKILL; the others go on.`);
  });
  const laps = await load.carryOut({ kind: 'kill', pid, amidst: AMIDST, ms });
  signal.throwIfAborted();
  await gone;
  figures.recordLaps('killed', laps);
  const left = workers.pids.length;
  console.log(`\nKilled worker ${pid} with SIGKILL, in the midst of its work. The other ${left} went on:\n`);
  console.log(killTable(figures.snapshot().modes));
  for (const { failed, firstFailure } of laps) if (failed > 0) console.log(`The first failure: ${firstFailure}`);
}

async function restart({ figures, load, workers }: Parts, ms: number, signal: AbortSignal): Promise<void> {
  const { modes } = figures.snapshot();
  const uncached = modes[0].measured?.perSecond ?? 0;
  const requests = firstRequests(ms, uncached, modes.length - 1);
  figures.enter('restarting');
  figures.happened('restart', 'All workers are told to end; when the last is gone, new ones start.');
  // The pages are connected to workers: they must hear of it before.
  workers.show(JSON.stringify(figures.snapshot()));
  console.log('\nRestarting all workers: they are told to end, and when the last is gone, new ones start.');
  const start = performance.now();
  await workers.restart();
  signal.throwIfAborted();
  const took = formatSeconds(performance.now() - start);
  figures.workers = workers.pids;
  figures.happened('start', `${workers.count} new workers serve, after ${took}: processes ${pidsOf(workers)}.`);
  figures.enter('warm');
  const laps = await load.carryOut({ kind: 'restarted', requests });
  signal.throwIfAborted();
  figures.recordLaps('restarted', laps);
  console.log(`After ${took} all were there again. The first ${requests} requests to each, the same ones:\n`);
  console.log(restartTable(figures.snapshot().modes));
  for (const { failed, firstFailure } of laps) if (failed > 0) console.log(`The first failure: ${firstFailure}`);
}

async function outage({ redis, figures, load }: Parts, ms: number, signal: AbortSignal): Promise<void> {
  const servers = [...redis.values()];
  const order = { kind: 'goOn', modes: [...redis.keys()], ms } as const;
  figures.enter('outage');
  const going = load.carryOut(order);
  going.catch(() => {});
  await Promise.all(servers.map((server) => server.stop()));
  signal.throwIfAborted();
  figures.happened('outage', 'Redis was killed with SIGKILL.');
  figures.recordLaps('away', await going);
  signal.throwIfAborted();
  await Promise.all(servers.map((server) => server.startAgain()));
  signal.throwIfAborted();
  figures.happened('start', 'Redis is there again, with nothing in it.');
  figures.recordLaps('back', await load.carryOut(order));
  signal.throwIfAborted();
  console.log('\nKilled Redis with SIGKILL, under load, and started it again:\n');
  console.log(outageTable(figures.snapshot().modes));
}

/** Sends the figures to the workers, for the pages: at once or, if that was just done, a little later. */
function showToPages({ figures, workers }: Parts): () => void {
  let isPlanned = false;
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    setTimeout(() => {
      isPlanned = false;
      workers.show(JSON.stringify(figures.snapshot()));
    }, SHOW_EVERY_MS).unref();
  };
}

/** What the workers, their caches and the servers take now. */
async function sample({ modes, figures, workers, redis }: Parts): Promise<void> {
  const pss = await proportionalBytes(workers.pids);
  figures.memory = { rss: workers.rss, pss };
  const caches = workers.caches(modes);
  for (const [mode, server] of redis) {
    const far = await server.held();
    const { entries = 0, bytes = 0, errors } = caches.get(mode) ?? {};
    if (far !== undefined) caches.set(mode, { entries: entries + far.entries, bytes: bytes + far.bytes, errors });
  }
  figures.caches = caches;
}

function isKnown({ modes }: Parts, id: string): boolean {
  return modes.some((mode) => mode.id === id);
}

function boundsOf({ workers: { count }, redis }: Parts): string {
  const all = bytesOfAll(count);
  const tiered = redis.size > 0 ? 'TieredCache half of that and half in Redis, ' : '';
  return `The caches of each mode may hold ${formatBytes(all)}: LocMemCache ${formatBytes(all / count)} in each worker, ${tiered}the others once.`;
}

function pidsOf(workers: Workers): string {
  return workers.pids.join(', ');
}

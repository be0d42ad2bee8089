/**
 * The process that `load.ts` starts. It has the load to itself: in the process of the service, a client would wait for
 * the service's queries to let go of the event loop before it could look at its watch, and every latency would be
 * wrong by that.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Drive } from './drive.js';
import type { Lap } from './figures.js';
import type { LoadMessage, LoadOrder } from './load.js';
import { loadPlaces } from './places.js';
import { prepareWorkload } from './workload.js';

type Order<Kind> = Extract<LoadOrder, { kind: Kind }>;

const SEED = 20_260_101;
/** For each client: enough for the compilers of all workers to have seen the queries. Whoever came first would pay for that. */
const WARM_UP_REQUESTS = 3;
/** Each mode in turn, often: whatever else the machine does in the meantime falls on all of them. */
const LONGEST_TURN_MS = 600;
const SHORTEST_TURN_MS = 100;
const ROUNDS = 6;
/** The mode without a cache is as fast at the end as at the beginning; the others have caches to fill. */
const UNCACHED_SHARE = 1 / 3;
/** However little time there is: fewer have no hit ratio worth the name. */
const FEWEST_AFTER_KILL = 24;
/** Between two requests of the light load. */
const PAUSE_MS = 250;

// Ctrl-C in a terminal reaches this process too. The main process ends it, when it no longer needs it; and if that
// should die, the channel closes.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.once('disconnect', () => process.exit());

const workload = prepareWorkload(await loadPlaces());
const killed = new Set<string>();
let origin = '';
let clients = 0;
let drives: Drive[] = [];
let cached: Drive[] = [];

process.on('message', (order: LoadOrder) => {
  obey(order).catch(async (error: unknown) => {
    // Whoever has died takes its connections along first, then the channel; that needs no second error.
    await delay(200);
    throw error;
  });
});
send({ kind: 'ready' });

async function obey(order: LoadOrder): Promise<void> {
  if (order.kind === 'compare') return compare(order);
  if (order.kind === 'kill') return kill(order);
  if (order.kind === 'goOn') return goOn(order);
  await firstRequests(order);
  await lightLoad();
}

async function compare(order: Order<'compare'>): Promise<void> {
  ({ origin, clients } = order);
  // Each mode is asked the same, from the beginning; a fast one gets further.
  startDrives(order.modes, SEED);
  const warmUp = drive(order.modes[0], SEED + 1);
  await warmUp.ask(WARM_UP_REQUESTS * clients);
  warmUp.close();

  const start = Date.now();
  const middle = (start + order.until) / 2;
  const turns = drives.map((drive, index) => ({ drive, share: index === 0 ? UNCACHED_SHARE : 1 }));
  const shares = turns.reduce((sum, { share }) => sum + share, 0);
  const turnMs = Math.min(LONGEST_TURN_MS, Math.max(SHORTEST_TURN_MS, (order.until - start) / ROUNDS / shares));
  let isSecondHalf = false;
  do {
    if (!isSecondHalf && Date.now() >= middle) {
      isSecondHalf = true;
      takeLaps(drives);
    }
    for (const { drive, share } of turns) await measure(drive.turn(turnMs * share));
    // Not a round more than there is time for.
  } while (Date.now() + turnMs * shares < order.until);
  send({ kind: 'done', laps: takeLaps(drives) });
}

async function kill({ pid, amidst, ms }: Order<'kill'>): Promise<void> {
  const turnMs = Math.min(LONGEST_TURN_MS, Math.max(SHORTEST_TURN_MS, ms / cached.length));
  const until = Date.now() + ms;
  const order = [...cached].sort((a, b) => Number(b.mode === amidst) - Number(a.mode === amidst));
  const killing = delay(turnMs / 4).then(() => {
    takeLaps(cached);
    killed.add(String(pid));
    process.kill(pid, 'SIGKILL');
  });
  do {
    for (const drive of order) await measure(drive.turn(turnMs));
  } while (Date.now() + turnMs * cached.length < until);
  await killing;
  for (const drive of order) await measure(drive.ask(Math.max(0, FEWEST_AFTER_KILL - drive.answered)));
  send({ kind: 'done', laps: takeLaps(cached) });
}

/** In small parts, so that the page sees how it goes. */
async function firstRequests({ requests }: Order<'restarted'>): Promise<void> {
  startDrives(
    drives.map(({ mode }) => mode),
    SEED + 2,
  );
  for (let asked = 0; asked < requests; asked += clients) {
    for (const drive of cached) await measure(drive.ask(Math.min(clients, requests - asked)));
  }
  send({ kind: 'done', laps: takeLaps(cached) });
}

async function goOn({ modes, ms }: Order<'goOn'>): Promise<void> {
  const busy = cached.filter(({ mode }) => modes.includes(mode));
  takeLaps(busy);
  for (const drive of busy) await measure(drive.turn(ms));
  send({ kind: 'done', laps: takeLaps(busy) });
}

async function lightLoad(): Promise<never> {
  while (true) {
    for (const drive of drives) {
      await delay(PAUSE_MS);
      await measure(drive.ask(1));
    }
  }
}

function startDrives(modes: readonly string[], seed: number): void {
  for (const old of drives) old.close();
  drives = modes.map((mode) => drive(mode, seed));
  cached = drives.slice(1);
}

function drive(mode: string, seed: number): Drive {
  return new Drive(mode, { origin, paths: workload(seed), clients, killed });
}

function takeLaps(of: readonly Drive[]): Lap[] {
  return of.map((drive) => drive.lap());
}

async function measure(work: ReturnType<Drive['ask']>): Promise<void> {
  send({ kind: 'measured', measured: await work });
}

function send(message: LoadMessage): void {
  if (process.connected) process.send?.(message);
}

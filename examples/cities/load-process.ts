/**
 * The process that `load.ts` starts. It has the load to itself: in the process of the service, a client would wait for
 * the service's queries to let go of the event loop before it could look at its watch, and every latency would be
 * wrong by that.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Drive } from './drive.js';
import type { LoadMessage, LoadOrder } from './load.js';
import { loadPlaces } from './places.js';
import { prepareWorkload } from './workload.js';

const SEED = 20_260_101;
/** Enough for the compiler to have seen the queries: whoever came first would pay for that. */
const WARM_UP_REQUESTS = 16;
/** Each mode in turn, often: whatever else the machine does in the meantime falls on all of them. */
const LONGEST_TURN_MS = 600;
const ROUNDS = 6;
/** The mode without a cache is as fast at the end as at the beginning; the others have caches to fill. */
const UNCACHED_SHARE = 1 / 3;
/** Between two requests of the light load. */
const PAUSE_MS = 250;

// Ctrl-C in a terminal reaches this process too. The service ends it, when it no longer needs it; and if the service
// should die, the channel closes.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.once('disconnect', () => process.exit());

const workload = prepareWorkload(await loadPlaces());
process.once('message', (order: LoadOrder) => {
  run(order).catch(async (error: unknown) => {
    // A service that has died takes its connections along first, then the channel; that needs no second error.
    await delay(200);
    throw error;
  });
});
send({ kind: 'ready' });

async function run({ origin, modes, until }: LoadOrder): Promise<void> {
  // Each mode is asked the same, from the beginning; a fast one gets further.
  const drives = modes.map((mode) => new Drive(mode, origin, workload(SEED)));

  const warmUp = new Drive(modes[0], origin, workload(SEED + 1));
  for (let request = 0; request < WARM_UP_REQUESTS; request++) await warmUp.once();

  const turns = drives.map((drive, index) => ({ drive, share: index === 0 ? UNCACHED_SHARE : 1 }));
  const shares = turns.reduce((sum, { share }) => sum + share, 0);
  const turnMs = Math.min(LONGEST_TURN_MS, Math.max(100, (until - Date.now()) / ROUNDS / shares));
  do {
    for (const { drive, share } of turns) send({ kind: 'measured', measured: await drive.turn(turnMs * share) });
    // Not a round more than there is time for.
  } while (Date.now() + turnMs * shares < until);
  send({ kind: 'finished' });

  while (true) {
    for (const drive of drives) {
      await delay(PAUSE_MS);
      send({ kind: 'measured', measured: await drive.once() });
    }
  }
}

function send(message: LoadMessage): void {
  if (process.connected) process.send?.(message);
}

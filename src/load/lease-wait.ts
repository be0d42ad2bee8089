import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { type LeaseWaitEvent, leaseTakenOver, leaseWaited, tell } from '../core/diagnostics.js';
import type { Address } from '../core/engine.js';
import type { Recalled } from '../core/entry-extras.js';
import type { StandardSchema } from '../core/standard-schema.js';
import type { Flight } from './flights.js';
import type { LoadingPlace } from './loading-place.js';
import { accepts } from './schema-check.js';

/** Milliseconds between two looks at what another process does: at first, at most, and how they grow. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 50;
const GROWTH = 1.5;

/** What came of asking for the right to run a factory. */
export interface Turn {
  /** Whether it is to run here and now. */
  readonly runs: boolean;
  /** What stands there, as far as it is known: where nothing runs, what another process has made; none if it has not. */
  readonly seen: Recalled | undefined;
}

type Taken = ReturnType<LoadingPlace['takeLease']>;

const NOT_OURS: Turn = { runs: false, seen: undefined };

/**
 * Takes the lease of a load, or waits for what its holder makes; at most `lockTimeout`, and then the factory runs without.
 * By polling: a holder that is killed, or that is far away, wakes nobody.
 *
 * @param known the entry that is to be made anew.
 * @param lockTimeout `undefined` for a run behind, which is not needed where another process runs.
 * @param schema what it refuses is not there.
 * @returns `undefined` where there is no other process.
 */
export function takeTurn(
  place: LoadingPlace,
  at: Address,
  flight: Flight,
  known: Recalled | undefined,
  lockTimeout: number | undefined,
  schema: StandardSchema | undefined,
): Promise<Turn> | undefined {
  const taken = place.takeLease(at);
  return taken === null ? undefined : waitForTurn(taken, place, at, flight, known, lockTimeout, schema);
}

async function waitForTurn(
  taken: Taken,
  place: LoadingPlace,
  at: Address,
  flight: Flight,
  known: Recalled | undefined,
  lockTimeout: number | undefined,
  schema: StandardSchema | undefined,
): Promise<Turn> {
  const { run } = flight;
  const began = performance.now();
  let pause = FIRST_PAUSE;
  let hasWaited = false;
  let seen = known;
  let lease = await taken;
  while (lease !== null) {
    if (lease !== undefined) run.hold(lease);
    else if (lockTimeout === undefined) return NOT_OURS;
    // What was changed while it was waited is no matter: the factory has not begun.
    flight.fence = place.fence(at, false);
    // Also with the lease: who had it may have stored the value after the last look.
    seen = await place.look(at);
    if (seen !== undefined && schema !== undefined && !(await accepts(schema, seen.value))) seen = undefined;
    if (isNews(seen, known)) {
      if (hasWaited) tellWaited(place, at, began, 'value');
      return { runs: false, seen };
    }
    if (lease !== undefined) {
      if (hasWaited) tellWaited(place, at, began, 'lease');
      if ((hasWaited || lease.isTakenOver) && leaseTakenOver.hasSubscribers) {
        tell(leaseTakenOver, place.eventOf('getOrSet'), at.key, at.version);
      }
      // Overruled while it was on its way: the next run, which counts, is to have it.
      if (!place.flights.isCurrent(at.name, flight)) run.letGo();
      break;
    }
    const left = began + lockTimeout! - performance.now();
    if (left <= 0) {
      tellWaited(place, at, began, 'timeout');
      break;
    }
    hasWaited = true;
    await setTimeout(Math.min(pause, left), undefined, { signal: run.signal });
    pause = Math.min(LONGEST_PAUSE, GROWTH * pause);
    lease = await place.takeLease(at);
  }
  return { runs: true, seen };
}

function tellWaited(place: LoadingPlace, at: Address, began: number, end: LeaseWaitEvent['end']): void {
  if (!leaseWaited.hasSubscribers) return;
  const waited = performance.now() - began;
  tell(leaseWaited, place.eventOf('getOrSet'), at.key, at.version, { waited, end });
}

/** Whether an entry was made since. */
function isNews(seen: Recalled | undefined, known: Recalled | undefined): boolean {
  return seen !== undefined && seen.left > Math.max(0, known?.left ?? 0);
}

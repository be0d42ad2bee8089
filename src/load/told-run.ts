import { type LoadEvent, load, type Operation } from '../core/diagnostics.js';
import type { LoadingPlace } from './loading-place.js';
import type { Run } from './run.js';

/** What is loaded, and why, for who listens. */
export interface Loading {
  readonly operation: Operation;
  readonly keys: readonly string[];
  readonly version: number;
  readonly isBehind: boolean;
}

/** Calls a factory, and tells who listens of its run. */
export function toldRun(place: LoadingPlace, run: Run, loading: Loading, factory: () => unknown): Promise<unknown> {
  const event = eventOf(place, run, loading);
  return load.tracePromise(async () => call(event, factory), event);
}

/** The same of a factory that returns its value, not a promise of it. */
export function toldRunSync(place: LoadingPlace, run: Run, loading: Loading, factory: () => unknown): unknown {
  const event = eventOf(place, run, loading);
  return load.traceSync(() => call(event, factory), event);
}

function eventOf(place: LoadingPlace, run: Run, { operation, keys, version, isBehind }: Loading): LoadEvent {
  const { cache, alias, backend } = place.eventOf(operation);
  const event: LoadEvent = { cache, alias, backend, operation, keys, version, isBehind };
  run.event = event;
  return event;
}

function call(event: LoadEvent, factory: () => unknown): unknown {
  return event.around === undefined ? factory() : event.around(factory);
}

import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { performance } from 'node:perf_hooks';
import type { CacheEvent, CacheEvents, LoadEvent } from '../core/diagnostics.js';
import { LoadTimeoutError } from '../core/errors.js';
import type { Labels, Recorder } from './measures.js';

/** How caches are labelled that neither `createCaches` nor `configureCaches` was told of. */
const UNNAMED = 'unnamed';

type Listeners = { readonly [Name in keyof CacheEvents]?: (event: CacheEvents[Name]) => void };

/** Calls these from now on. @returns what ends that. */
function listen(listeners: Listeners): () => void {
  const entries = Object.entries(listeners) as [keyof CacheEvents, ChannelListener][];
  for (const [name, listener] of entries) subscribe(name, listener);
  return () => {
    for (const [name, listener] of entries) unsubscribe(name, listener);
  };
}

/** The labels that all measures have. */
export function labelsOf({ alias = UNNAMED, backend }: CacheEvent): {
  readonly cache: string;
  readonly backend: string;
} {
  return { cache: alias, backend };
}

/** Listens to loads: once to the beginning, and once to the end, whatever it is. */
export function listenToLoads(
  began: (event: LoadEvent) => void,
  ended: (event: LoadEvent, seconds: number) => void,
): () => void {
  const starts = new WeakMap<LoadEvent, number>();
  const end = (event: LoadEvent) => {
    const start = starts.get(event);
    if (start === undefined) return;
    starts.delete(event);
    ended(event, (performance.now() - start) / 1000);
  };
  return listen({
    'tracing:locmem:load:start': (event) => {
      starts.set(event, performance.now());
      began(event);
    },
    // That a factory has returned is the end of it only where it has returned its value.
    'tracing:locmem:load:end': (event) => {
      if ('result' in event) end(event);
    },
    'tracing:locmem:load:asyncEnd': end,
    // Of a factory that takes too long: it goes on, but nobody waits any more.
    'tracing:locmem:load:error': end,
  });
}

/** What a run came to. */
function outcomeOf(event: LoadEvent): 'value' | 'nothing' | 'error' | 'timeout' {
  if (event.error instanceof LoadTimeoutError) return 'timeout';
  // What was thrown may be `undefined`.
  if ('error' in event) return 'error';
  return event.result === undefined ? 'nothing' : 'value';
}

/** Records what all caches of this process do from now on. @returns what ends that. */
export function record(recorder: Recorder): () => void {
  const { count, time } = recorder;
  const operation = (event: CacheEvent & { readonly operation: string }): Labels => ({
    ...labelsOf(event),
    operation: event.operation,
  });
  const stops = [
    listen({
      'locmem:hit': (event) => count('reads', { ...operation(event), result: 'hit' }),
      'locmem:miss': (event) => count('reads', { ...operation(event), result: 'miss' }),
      'locmem:stale': (event) => count('stale', { ...operation(event), reason: event.reason }),
      'locmem:set': (event) => count('sets', operation(event)),
      'locmem:delete': (event) => count('deletes', operation(event)),
      'locmem:clear': (event) => count('clears', operation(event)),
      'locmem:evict': (event) => count('evictions', labelsOf(event)),
      'locmem:expire': (event) => count('expirations', labelsOf(event)),
      'locmem:lease-taken-over': (event) => count('lease_takeovers', labelsOf(event)),
      'locmem:error': (event) => count('errors', operation(event)),
      'locmem:lease-waited': (event) => time('lease_wait', event.waited / 1000, { ...labelsOf(event), end: event.end }),
    }),
    listenToLoads(
      () => {},
      (event, seconds) => {
        const run = event.isBehind ? 'behind' : 'waited';
        time('load', seconds, { ...operation(event), outcome: outcomeOf(event), run });
      },
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

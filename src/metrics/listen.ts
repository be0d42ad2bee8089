import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { performance } from 'node:perf_hooks';
import type { CacheEvents, LoadEvent } from '../core/diagnostics.js';
import { LoadTimeoutError } from '../core/errors.js';
import type { Recorder } from './measures.js';

/** How caches are labelled that have no alias. */
export const UNNAMED = 'unnamed';

type Listeners = { readonly [Name in keyof CacheEvents]?: (event: CacheEvents[Name]) => void };

/** Calls these from now on. @returns what ends that. */
function listen(listeners: Listeners): () => void {
  const entries = Object.entries(listeners) as [keyof CacheEvents, ChannelListener][];
  for (const [name, listener] of entries) subscribe(name, listener);
  return () => {
    for (const [name, listener] of entries) unsubscribe(name, listener);
  };
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

/**
 * Records what all caches of this process do from now on. @returns what ends that.
 *
 * Labels are made field by field: a spread takes longer than prom-client does to count.
 */
export function record(recorder: Recorder): () => void {
  const { count, time } = recorder;
  const stops = [
    listen({
      'locmem:hit': ({ alias: cache = UNNAMED, backend, operation }) =>
        count('reads', { cache, backend, operation, result: 'hit' }),
      'locmem:miss': ({ alias: cache = UNNAMED, backend, operation }) =>
        count('reads', { cache, backend, operation, result: 'miss' }),
      'locmem:stale': ({ alias: cache = UNNAMED, backend, operation, reason }) =>
        count('stale', { cache, backend, operation, reason }),
      'locmem:set': ({ alias: cache = UNNAMED, backend, operation }) => count('sets', { cache, backend, operation }),
      'locmem:delete': ({ alias: cache = UNNAMED, backend, operation }) =>
        count('deletes', { cache, backend, operation }),
      'locmem:clear': ({ alias: cache = UNNAMED, backend, operation }) =>
        count('clears', { cache, backend, operation }),
      'locmem:evict': ({ alias: cache = UNNAMED, backend }) => count('evictions', { cache, backend }),
      'locmem:expire': ({ alias: cache = UNNAMED, backend }) => count('expirations', { cache, backend }),
      'locmem:lease-taken-over': ({ alias: cache = UNNAMED, backend }) => count('lease_takeovers', { cache, backend }),
      'locmem:error': ({ alias: cache = UNNAMED, backend, operation, isHidden }) =>
        count('errors', { cache, backend, operation, hidden: String(isHidden) }),
      'locmem:lease-waited': ({ alias: cache = UNNAMED, backend, waited, end }) =>
        time('lease_wait', waited / 1000, { cache, backend, end }),
    }),
    listenToLoads(
      () => {},
      (event, seconds) => {
        const { alias: cache = UNNAMED, backend, operation, isBehind } = event;
        const run = isBehind ? 'behind' : 'waited';
        time('load', seconds, { cache, backend, operation, outcome: outcomeOf(event), run });
      },
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

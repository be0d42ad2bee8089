import type { Channel } from 'node:diagnostics_channel';
import type { Cache } from '../core/cache.js';
import { aliasOf, type DepartureEvent } from '../core/diagnostics.js';

/** An entry that left by itself: evicted, or expired. */
export interface Departure {
  readonly channel: Channel;
  readonly key: string;
  readonly version: number;
}

/** A store that entries have left. */
export interface Left {
  departures: Departure[] | undefined;
  readonly opener: object | undefined;
}

/** Tells who listens, last of all in a call: they may use the cache. */
export function tellDepartures(store: Left): void {
  const { departures = [] } = store;
  store.departures = undefined;
  const cache = store.opener as Cache;
  const alias = aliasOf(cache);
  for (const { channel, key, version } of departures) {
    const event: DepartureEvent = { cache, alias, backend: 'locmem', key, version };
    channel.publish(event);
  }
}

import type { Channel } from 'node:diagnostics_channel';
import type { Cache } from '../core/cache.js';
import { aliasOf, type CacheEvent } from '../core/diagnostics.js';

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
  const event: CacheEvent = { cache, alias: aliasOf(cache), backend: 'locmem' };
  for (const { channel, key, version } of departures) channel.publish({ ...event, key, version });
}

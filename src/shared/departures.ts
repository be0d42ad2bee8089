import type { Cache } from '../core/cache.js';
import { aliasOf, type CacheEvent, evict, expire } from '../core/diagnostics.js';
import { nameOf } from './outgoing-record.js';
import type { Segment } from './segment.js';

/** Tells what left by itself. To be called when no lock is held: who listens may use the cache. */
export function tellDepartures(segment: Segment): void {
  if (!evict.hasSubscribers && !expire.hasSubscribers) return;
  const cache = segment.opener as Cache;
  const event: CacheEvent = { cache, alias: aliasOf(cache), backend: 'shared' };
  for (const { memory } of segment.parts) {
    const { departures = [] } = memory;
    memory.departures = undefined;
    for (const { channel, name } of departures) channel.publish({ ...event, ...nameOf(name) });
  }
}

import type { Cache } from '../core/cache.js';
import { aliasOf, type DepartureEvent, evict, expire } from '../core/diagnostics.js';
import { nameOf } from './outgoing-record.js';
import type { Segment } from './segment.js';

/** Tells what left by itself. To be called when no lock is held: who listens may use the cache. */
export function tellDepartures(segment: Segment): void {
  if (!evict.hasSubscribers && !expire.hasSubscribers) return;
  const cache = segment.opener as Cache;
  const alias = aliasOf(cache);
  for (const { memory } of segment.parts) {
    const { departures = [] } = memory;
    memory.departures = undefined;
    for (const { channel, name } of departures) {
      const { key, version } = nameOf(name);
      const event: DepartureEvent = { cache, alias, backend: 'shared', key, version };
      channel.publish(event);
    }
  }
}

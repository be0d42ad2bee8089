import { type Cache, LocMemCache } from 'locmem';

/** One of the ways to serve the same queries that are compared. */
export interface Mode {
  /** How requests name it: `?cache=lru`. */
  readonly id: string;
  readonly label: string;
  readonly cache?: Cache;
}

/**
 * Room for a fraction of what is asked for: with room for everything, any policy would do. It is this small because
 * the load lasts seconds; a service that runs for days has a thousand times the entries, and the keys to fill them.
 */
export const MAX_ENTRIES = 64;

/** To compare another cache, add it here: the service, the load, the table and the page go by this list. */
export function openModes(): Mode[] {
  // Places do not move: an answer is good until there is no more room for it.
  const shared = { maxEntries: MAX_ENTRIES, ttl: null };
  return [
    { id: 'none', label: 'No cache' },
    { id: 'lru', label: 'LRU', cache: new LocMemCache({ ...shared, policy: 'lru' }) },
    { id: 'tinylfu', label: 'TinyLFU', cache: new LocMemCache({ ...shared, policy: 'tinylfu' }) },
  ];
}

export async function closeModes(modes: readonly Mode[]): Promise<void> {
  await Promise.all(modes.map((mode) => mode.cache?.close()));
}

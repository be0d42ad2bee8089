import { LocMemCache, type LocMemCacheOptions } from 'locmem';
import { closeStore, openStore } from '#dist/locmem/locations.js';
import { readLocMemOptions } from '#dist/locmem/locmem-options.js';
import type { Store } from '#dist/locmem/store.js';
import { ManualClock } from '../conformance/manual-clock.js';

export interface Opened {
  readonly cache: LocMemCache;
  readonly store: Store;
  readonly clock: ManualClock;
  /** Another cache at the same location. */
  open(options: LocMemCacheOptions): LocMemCache;
  close(): void;
}

let locations = 0;

/** A cache on a clock of its own, and the store behind it, to be looked into. */
export function opened(options: LocMemCacheOptions = {}): Opened {
  const clock = new ManualClock();
  const location = `opened ${++locations}`;
  const caches: LocMemCache[] = [];
  const open = (others: LocMemCacheOptions): LocMemCache => {
    const cache = new LocMemCache({ ...options, ...others, location, clock } as LocMemCacheOptions);
    caches.push(cache);
    return cache;
  };
  const cache = open({});
  const store = openStore(location, readLocMemOptions(options), clock, false);
  return {
    cache,
    store,
    clock,
    open,
    close() {
      closeStore(location, store);
      for (const one of caches) one.closeSync();
    },
  };
}

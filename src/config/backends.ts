import { DummyCache, type DummyCacheOptions } from '../dummy/dummy-cache.js';
import { LocMemCache } from '../locmem/locmem-cache.js';
import type { LocMemCacheOptions } from '../locmem/locmem-options.js';
import { SharedCache } from '../shared/shared-cache.js';
import type { SharedCacheOptions } from '../shared/shared-options.js';

/** The caches that a config can name, by backend. */
export interface Backends {
  locmem: { options: LocMemCacheOptions; cache: LocMemCache };
  shared: { options: SharedCacheOptions; cache: SharedCache };
  dummy: { options: DummyCacheOptions; cache: DummyCache };
}

export type BackendName = keyof Backends;

/** Makes the cache of an alias. A `LocMemCache` without a location is at the alias; a `SharedCache` has to name its own. */
export const BACKENDS: {
  [B in BackendName]: (options: Backends[B]['options'], alias: string) => Backends[B]['cache'];
} = {
  locmem: (options, alias) => new LocMemCache({ ...options, location: options.location ?? alias }),
  shared: (options) => new SharedCache(options),
  dummy: (options) => new DummyCache(options),
};

export const BACKEND_NAMES = Object.keys(BACKENDS) as BackendName[];

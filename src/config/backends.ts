import { DummyCache, type DummyCacheOptions } from '../dummy/dummy-cache.js';
import { LocMemCache } from '../locmem/locmem-cache.js';
import type { LocMemCacheOptions } from '../locmem/locmem-options.js';

/** The caches that a config can name, by backend. */
export interface Backends {
  locmem: { options: LocMemCacheOptions; cache: LocMemCache };
  dummy: { options: DummyCacheOptions; cache: DummyCache };
}

export type BackendName = keyof Backends;

/** Makes the cache of an alias. A `LocMemCache` without a location is at the alias. */
export const BACKENDS: {
  [B in BackendName]: (options: Backends[B]['options'], alias: string) => Backends[B]['cache'];
} = {
  locmem: (options, alias) => new LocMemCache({ ...options, location: options.location ?? alias }),
  dummy: (options) => new DummyCache(options),
};

export const BACKEND_NAMES = Object.keys(BACKENDS) as BackendName[];

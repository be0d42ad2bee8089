import type { Cache } from '../core/cache.js';
import { type BackendName, nameCache } from '../core/diagnostics.js';
import { InvalidConfigError } from '../core/errors.js';
import { DummyCache, type DummyCacheOptions } from '../dummy/dummy-cache.js';
import { KeyvCache } from '../keyv/keyv-cache.js';
import type { KeyvInstance } from '../keyv/keyv-instance.js';
import type { KeyvCacheOptions } from '../keyv/keyv-options.js';
import { LocMemCache } from '../locmem/locmem-cache.js';
import type { LocMemCacheOptions } from '../locmem/locmem-options.js';
import { MemcachedCache } from '../memcached/memcached-cache.js';
import type { MemcachedCacheOptions } from '../memcached/memcached-options.js';
import { RedisCache } from '../redis/redis-cache.js';
import type { RedisCacheOptions } from '../redis/redis-options.js';
import { SharedCache } from '../shared/shared-cache.js';
import type { SharedCacheOptions } from '../shared/shared-options.js';
import { TieredCache } from '../tiered/tiered-cache.js';
import type { TieredCacheOptions } from '../tiered/tiered-options.js';

/** The caches that a config can name, by backend. */
export interface Backends {
  locmem: { options: LocMemCacheOptions; cache: LocMemCache };
  shared: { options: SharedCacheOptions; cache: SharedCache };
  redis: { options: RedisCacheOptions; cache: RedisCache };
  tiered: { options: TieredConfig; cache: TieredCache };
  keyv: { options: KeyvCacheOptions & { keyv: KeyvInstance }; cache: KeyvCache };
  memcached: { options: MemcachedCacheOptions; cache: MemcachedCache };
  dummy: { options: DummyCacheOptions; cache: DummyCache };
}

export type { BackendName };

/** A `TieredCache` in a config: its tiers are caches, configs of caches, or URLs. */
export interface TieredConfig extends Omit<TieredCacheOptions, 'l1' | 'l2'> {
  l1: TieredCacheOptions['l1'] | ConfigOf<'locmem' | 'shared'> | string;
  l2: TieredCacheOptions['l2'] | ConfigOf<'redis' | 'memcached' | 'keyv'> | string;
}

/** `{ backend, ...options }` for one of these backends. */
export type ConfigOf<B extends BackendName> = { [N in B]: { backend: N } & Backends[N]['options'] }[B];

/** Makes a cache of what stands in a config. */
export type Make = (alias: string, config: unknown) => Cache;

/** Makes the cache of an alias. A `LocMemCache` without a location is at the alias; a `SharedCache` has to name its own. */
export const BACKENDS: {
  [B in BackendName]: (options: Backends[B]['options'], alias: string, make: Make) => Backends[B]['cache'];
} = {
  locmem: (options, alias) => new LocMemCache({ ...options, location: options.location ?? alias }),
  shared: (options) => new SharedCache(options),
  redis: (options) => new RedisCache(options),
  tiered: makeTiered,
  keyv: ({ keyv, ...options }) => new KeyvCache(keyv, options),
  memcached: (options) => new MemcachedCache(options),
  dummy: (options) => new DummyCache(options),
};

export const BACKEND_NAMES = Object.keys(BACKENDS) as BackendName[];

/** What was made for it is closed again if it cannot be made. */
function makeTiered({ l1, l2, ...options }: TieredConfig, alias: string, make: Make): TieredCache {
  for (const [name, tier] of Object.entries({ l1, l2 })) {
    if (tier === undefined) throw new InvalidConfigError(`A tiered cache takes l1 and l2; ${name} is not given.`);
  }
  const near = make(alias, l1);
  let far: Cache | undefined;
  try {
    far = make(alias, l2);
    if (near !== l1) nameCache(near, `${alias}.l1`);
    if (far !== l2) nameCache(far, `${alias}.l2`);
    return new TieredCache({ ...options, l1: near as LocMemCache, l2: far as RedisCache });
  } catch (error) {
    if (near !== l1) void near.close();
    if (far !== undefined && far !== l2) void far.close();
    throw error;
  }
}

import { type Cache, LocMemCache, MemcachedCache, RedisCache, SharedCache, TieredCache } from 'locmem';

export const SHARED_BYTES = '2mb';

export type Kind = 'shared' | 'redis' | 'memcached' | 'tiered';

/** A cache under a prefix, so that it can be cleared for itself. */
export function openCache(kind: Kind, where: string, keyPrefix = 'app'): Cache {
  const common = { keyPrefix, ttl: '1h' } as const;
  if (kind === 'shared') return new SharedCache({ ...common, location: where, maxBytes: SHARED_BYTES });
  if (kind === 'memcached') return new MemcachedCache({ ...common, url: where, commandTimeout: '1m' });
  const redis = new RedisCache({ ...common, url: where, commandTimeout: '1m' });
  return kind === 'redis' ? redis : new TieredCache({ l1: new LocMemCache(), l2: redis });
}

import { join } from 'node:path';
import type { ServerOptions, ServerPeer } from '../contract.js';
import { redisUrl } from './redis.js';
import { PATIENCE } from './server-cache.js';

type Near = 'LocMemCache' | 'SharedCache';

const SEGMENT_BYTES = 32 * 2 ** 20;

async function openNear(near: Near, { folder, prefix, ttl, keys }: ServerOptions) {
  const { LocMemCache, SharedCache } = await import('locmem');
  if (near === 'LocMemCache') return new LocMemCache({ maxEntries: 2 * keys, ttl, keyPrefix: prefix });
  return new SharedCache({ location: join(folder, 'segment'), maxBytes: SEGMENT_BYTES, ttl, keyPrefix: prefix });
}

function alone(near: Near, setting: string): ServerPeer {
  return {
    name: `locmem ${near} alone`,
    package: 'locmem',
    server: 'redis-server',
    setting,
    offers: { getMany: false, getOrSet: true },
    async open(options) {
      const cache = await openNear(near, options);
      return {
        get: (key) => cache.get(key),
        set: (key, value) => cache.set(key, value),
        getOrSet: (key) => cache.getOrSet(key, () => options.load(key)),
      };
    },
  };
}

function tiered(near: Near): ServerPeer {
  return {
    name: `locmem TieredCache over ${near}`,
    package: 'locmem',
    server: 'redis-server',
    setting: `new TieredCache({ l1, l2 }): l1 is the ${near} alone, l2 a RedisCache of the same keyPrefix`,
    offers: { getMany: false, getOrSet: true },
    async open(options) {
      const { RedisCache, TieredCache } = await import('locmem');
      const { ports, prefix: keyPrefix, ttl } = options;
      const l1 = await openNear(near, options);
      const l2 = new RedisCache({ url: redisUrl(ports), keyPrefix, ttl, commandTimeout: PATIENCE });
      const cache = new TieredCache({ l1, l2 });
      return {
        get: (key) => cache.get(key),
        set: (key, value) => cache.set(key, value),
        getOrSet: (key) => cache.getOrSet(key, () => options.load(key)),
      };
    },
  };
}

export const locmemAlone = alone(
  'LocMemCache',
  'new LocMemCache({ maxEntries, ttl, keyPrefix }), its defaults: copies',
);
export const sharedAlone = alone(
  'SharedCache',
  'new SharedCache({ location, maxBytes, ttl, keyPrefix }), its defaults',
);
export const tieredLocmem = tiered('LocMemCache');
export const tieredShared = tiered('SharedCache');

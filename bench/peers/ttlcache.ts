import type { SyncPeer } from '../contract.js';

function ttlCacheThat(name: string, checkAgeOnGet: boolean, remark: string): SyncPeer {
  return {
    name,
    package: '@isaacs/ttlcache',
    setting: `new TTLCache({ max, ttl, checkAgeOnGet: ${checkAgeOnGet} }): no LRU, what expires soonest goes; ${remark}`,
    ttl: { on: true, off: false },
    evicts: true,
    async open({ capacity, ttl }) {
      const { TTLCache } = await import('@isaacs/ttlcache');
      const expiry = ttl ?? Number.POSITIVE_INFINITY;
      const cache = new TTLCache<string, unknown>({ max: capacity, ttl: expiry, checkAgeOnGet });
      return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
    },
  };
}

export const ttlCache = ttlCacheThat('@isaacs/ttlcache', false, 'its default: a get may answer what has expired');
export const ttlCacheChecked = ttlCacheThat(
  '@isaacs/ttlcache, age checked',
  true,
  'a get never answers what has expired',
);

import type { AsyncPeer } from '../contract.js';

export const cachifiedOnLru: AsyncPeer = {
  name: '@epic-web/cachified',
  package: '@epic-web/cachified',
  setting: 'cachified({ key, cache, ttl, getFreshValue }) over lru-cache, as its README sets it up',
  offers: { get: false, getOrSet: true },
  async open({ capacity, ttl, load }) {
    const { cachified, totalTtl } = await import('@epic-web/cachified');
    const { LRUCache } = await import('lru-cache');
    type Entry = import('@epic-web/cachified').CacheEntry;
    const entries = new LRUCache<string, Entry>({ max: capacity });
    const cache: import('@epic-web/cachified').Cache = {
      set(key, value) {
        const total = totalTtl(value.metadata);
        const start = value.metadata.createdTime;
        return entries.set(key, value, total === Number.POSITIVE_INFINITY ? { start } : { ttl: total, start });
      },
      get: (key) => entries.get(key),
      delete: (key) => entries.delete(key),
    };
    const expiry = ttl === null ? {} : { ttl };
    return { getOrSet: (key) => cachified({ key, cache, ...expiry, getFreshValue: () => load(key) }) };
  },
};

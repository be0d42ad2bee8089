import type { SyncPeer } from '../contract.js';

export const lruCache: SyncPeer = {
  name: 'lru-cache',
  package: 'lru-cache',
  setting: 'new LRUCache({ max, ttl }): ttlResolution 1 and no autopurge, its defaults; values by reference',
  ttl: { on: true, off: true },
  evicts: true,
  async open({ capacity, ttl }) {
    const { LRUCache } = await import('lru-cache');
    const cache = new LRUCache<string, object>(ttl === null ? { max: capacity } : { max: capacity, ttl });
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value as object) };
  },
};

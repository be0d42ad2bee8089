import type { SyncPeer } from '../contract.js';

export const tinyLru: SyncPeer = {
  name: 'tiny-lru',
  package: 'tiny-lru',
  setting: 'lru(max, ttl, true): a set renews the ttl, as it does in the others; values by reference',
  ttl: { on: true, off: true },
  evicts: true,
  async open({ capacity, ttl }) {
    const { lru } = await import('tiny-lru');
    const cache = lru<unknown>(capacity, ttl ?? 0, ttl !== null);
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
  },
};

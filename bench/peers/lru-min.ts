import type { SyncPeer } from '../contract.js';

export const lruMin: SyncPeer = {
  name: 'lru.min',
  package: 'lru.min',
  setting: 'createLRU({ max }): has no ttl; values by reference',
  ttl: { on: false, off: true },
  evicts: true,
  async open({ capacity }) {
    const { createLRU } = await import('lru.min');
    const cache = createLRU<string, unknown>({ max: capacity });
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
  },
};

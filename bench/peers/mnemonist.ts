import type { SyncPeer } from '../contract.js';

export const mnemonistMap: SyncPeer = {
  name: 'mnemonist LRUMap',
  package: 'mnemonist',
  setting: 'new LRUMap(capacity): indexed by a Map; has no ttl; values by reference',
  ttl: { on: false, off: true },
  evicts: true,
  async open({ capacity }) {
    const { LRUMap } = await import('mnemonist');
    const cache = new LRUMap<string, unknown>(capacity);
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
  },
};

export const mnemonistCache: SyncPeer = {
  name: 'mnemonist LRUCache',
  package: 'mnemonist',
  setting: 'new LRUCache(capacity): indexed by a plain object; has no ttl; values by reference',
  ttl: { on: false, off: true },
  evicts: true,
  async open({ capacity }) {
    const { LRUCache } = await import('mnemonist');
    const cache = new LRUCache<string, unknown>(capacity);
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
  },
};

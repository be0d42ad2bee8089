import type { SyncPeer } from '../contract.js';

export const quickLru: SyncPeer = {
  name: 'quick-lru',
  package: 'quick-lru',
  setting: 'new QuickLRU({ maxSize, maxAge }): holds up to twice maxSize by design; values by reference',
  ttl: { on: true, off: true },
  evicts: true,
  async open({ capacity, ttl }) {
    const { default: QuickLRU } = await import('quick-lru');
    const cache = new QuickLRU<string, unknown>(
      ttl === null ? { maxSize: capacity } : { maxSize: capacity, maxAge: ttl },
    );
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
  },
};

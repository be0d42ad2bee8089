import type { SyncPeer } from '../contract.js';

export const nodeCache: SyncPeer = {
  name: 'node-cache',
  package: 'node-cache',
  setting:
    'new NodeCache({ stdTTL, useClones: false, checkperiod: 0 }): cannot evict (a full one throws), so it grows, and is emptied between rounds',
  ttl: { on: true, off: true },
  evicts: false,
  async open({ ttl, isolation }) {
    const { default: NodeCache } = await import('node-cache');
    const stdTTL = ttl === null ? 0 : ttl / 1000;
    const cache = new NodeCache({ stdTTL, useClones: isolation === 'copy', checkperiod: 0 });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      reset: () => cache.flushAll(),
    };
  },
};

import type { AsyncPeer } from '../contract.js';

export const cacheManager: AsyncPeer = {
  name: 'cache-manager',
  package: 'cache-manager',
  setting:
    'createCache({ ttl }): its in-memory Map, not serialized, its default (copying objects: createKeyv of cacheable)',
  offers: { get: true, getOrSet: true },
  async open({ capacity, ttl, isolation, load }) {
    const { createCache } = await import('cache-manager');
    const { createKeyv } = await import('cacheable');
    const expiry = ttl === null ? {} : { ttl };
    const stores =
      isolation === 'copy' ? { stores: [createKeyv({ ...expiry, lruSize: capacity, useClone: true })] } : {};
    const cache = createCache({ ...expiry, ...stores });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrSet: (key) => cache.wrap(key, () => load(key)),
    };
  },
};

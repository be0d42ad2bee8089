import type { AsyncPeer, SyncPeer } from '../contract.js';

/** The synchronous class inside cacheable; it takes part where objects are isolated. */
export const cacheableMemory: SyncPeer = {
  name: 'CacheableMemory',
  package: 'cacheable',
  setting: 'new CacheableMemory({ ttl, lruSize, useClone })',
  ttl: { on: true, off: true },
  evicts: true,
  async open({ capacity, ttl, isolation }) {
    const { CacheableMemory } = await import('cacheable');
    const expiry = ttl === null ? {} : { ttl };
    const cache = new CacheableMemory({ ...expiry, lruSize: capacity, useClone: isolation === 'copy' });
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
  },
};

export const cacheable: AsyncPeer = {
  name: 'cacheable',
  package: 'cacheable',
  setting: 'new Cacheable({ ttl, primary: createKeyv({ ttl, lruSize, useClone: false }) }): stats off, its default',
  offers: { get: true, getOrSet: true },
  async open({ capacity, ttl, isolation, load }) {
    const { Cacheable, createKeyv } = await import('cacheable');
    const expiry = ttl === null ? {} : { ttl };
    const primary = createKeyv({ ...expiry, lruSize: capacity, useClone: isolation === 'copy' });
    const cache = new Cacheable({ ...expiry, primary });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrSet: (key) => cache.getOrSet(key, () => load(key)),
    };
  },
};

import type { AsyncPeer, ServerPeer } from '../contract.js';
import { redisUrl } from './redis.js';

export const cacheManager: AsyncPeer = {
  name: 'cache-manager',
  package: 'cache-manager',
  setting:
    'createCache({ ttl }): its in-memory Map, not serialized, its default (copying objects: createKeyv of cacheable)',
  offers: { get: true, getOrSet: true, stale: false },
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

export const cacheManagerOnRedis: ServerPeer = {
  name: 'cache-manager on Redis',
  package: 'cache-manager',
  server: 'redis-server',
  setting: 'createCache({ ttl, stores: [createKeyv(url, { namespace })] }) over @keyv/redis',
  offers: { getMany: true, getOrSet: true },
  async open({ ports, prefix, ttl, load }) {
    const { createCache } = await import('cache-manager');
    const { createKeyv } = await import('@keyv/redis');
    const cache = createCache({ ttl, stores: [createKeyv(redisUrl(ports), { namespace: prefix })] });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getMany: (keys) => cache.mget([...keys]),
      getOrSet: (key) => cache.wrap(key, () => load(key)),
    };
  },
};

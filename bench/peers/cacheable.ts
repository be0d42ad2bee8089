import type { AsyncPeer, ServerPeer, SyncPeer } from '../contract.js';
import { redisUrl } from './redis.js';

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
  offers: { get: true, getOrSet: true, stale: false },
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

export const cacheableOnRedis: ServerPeer = {
  name: 'cacheable on Redis',
  package: 'cacheable',
  server: 'redis-server',
  setting: 'new Cacheable({ ttl, primary: createKeyv(url, { namespace }) }) over @keyv/redis',
  offers: { getMany: true, getOrSet: true },
  async open({ ports, prefix, ttl, load }) {
    const { Cacheable } = await import('cacheable');
    const { createKeyv } = await import('@keyv/redis');
    const cache = new Cacheable({ ttl, primary: createKeyv(redisUrl(ports), { namespace: prefix }) });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getMany: (keys) => cache.getMany([...keys]),
      getOrSet: (key) => cache.getOrSet(key, () => load(key)),
    };
  },
};

export const cacheableTiered: ServerPeer = {
  name: 'cacheable, two tiers',
  package: 'cacheable',
  server: 'redis-server',
  setting: 'primary: createKeyv({ ttl, lruSize, useClone }), in memory (cloning objects only); secondary: @keyv/redis',
  offers: { getMany: false, getOrSet: true },
  async open({ ports, prefix, ttl, isText, keys, load }) {
    const { Cacheable, createKeyv } = await import('cacheable');
    const { createKeyv: createRedis } = await import('@keyv/redis');
    const cache = new Cacheable({
      ttl,
      primary: createKeyv({ ttl, lruSize: 2 * keys, useClone: !isText }),
      secondary: createRedis(redisUrl(ports), { namespace: prefix }),
    });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrSet: (key) => cache.getOrSet(key, () => load(key)),
    };
  },
};

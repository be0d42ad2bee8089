import type { AsyncPeer, ServerPeer } from '../contract.js';
import { redisUrl } from './redis.js';

export const keyv: AsyncPeer = {
  name: 'keyv',
  package: 'keyv',
  setting: 'new Keyv({ ttl }) on its Map, with serialize and deserialize undefined (copying objects: its default JSON)',
  offers: { get: true, getOrSet: false, stale: false },
  async open({ ttl, isolation }) {
    const { Keyv } = await import('keyv');
    const cache = new Keyv(ttl === null ? {} : { ttl });
    if (isolation !== 'copy') {
      cache.serialize = undefined;
      cache.deserialize = undefined;
    }
    return { get: (key) => cache.get(key), set: (key, value) => cache.set(key, value) };
  },
};

export const keyvOnRedis: ServerPeer = {
  name: 'keyv on Redis',
  package: '@keyv/redis',
  server: 'redis-server',
  setting: 'createKeyv(url, { namespace }) of @keyv/redis; its default JSON',
  offers: { getMany: true, getOrSet: false },
  async open({ ports, prefix, ttl }) {
    const { createKeyv } = await import('@keyv/redis');
    const cache = createKeyv(redisUrl(ports), { namespace: prefix });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value, ttl),
      getMany: (keys) => cache.getMany([...keys]),
    };
  },
};

import type { ServerPeer } from '../contract.js';
import { redisUrl } from './redis.js';

/** Contenders start on a machine that is busy with starting others. */
export const PATIENCE = '10s';

export const redisCache: ServerPeer = {
  name: 'locmem RedisCache',
  package: 'locmem',
  server: 'redis-server',
  setting: 'new RedisCache({ url, keyPrefix, ttl, commandTimeout }): msgpack, no compression, its defaults',
  offers: { getMany: true, getOrSet: true },
  async open({ ports, prefix, ttl, load }) {
    const { RedisCache } = await import('locmem');
    const cache = new RedisCache({ url: redisUrl(ports), keyPrefix: prefix, ttl, commandTimeout: PATIENCE });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getMany: async (keys) => (await cache.getMany(keys)).values(),
      getOrSet: (key) => cache.getOrSet(key, () => load(key)),
    };
  },
};

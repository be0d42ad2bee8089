import type { AsyncPeer, LoaderPeer } from '../contract.js';
import { redisUrl } from './redis.js';

type Cache = import('@epic-web/cachified').Cache;
type Entry = import('@epic-web/cachified').CacheEntry;

export const cachifiedOnLru: AsyncPeer = {
  name: '@epic-web/cachified',
  package: '@epic-web/cachified',
  setting:
    'cachified({ key, cache, ttl, getFreshValue }) over lru-cache, as its README sets it up: objects by reference; ' +
    'where stale entries are to be answers, swr',
  offers: { get: false, getOrSet: true, stale: true },
  async open({ capacity, ttl, staleFor, load }) {
    const { cachified, totalTtl } = await import('@epic-web/cachified');
    const { LRUCache } = await import('lru-cache');
    const entries = new LRUCache<string, Entry>({ max: capacity });
    const cache: Cache = {
      set(key, value) {
        const total = totalTtl(value.metadata);
        const start = value.metadata.createdTime;
        return entries.set(key, value, total === Number.POSITIVE_INFINITY ? { start } : { ttl: total, start });
      },
      get: (key) => entries.get(key),
      delete: (key) => entries.delete(key),
    };
    const expiry = { ...(ttl === null ? {} : { ttl }), ...(staleFor === undefined ? {} : { swr: staleFor }) };
    return { getOrSet: (key) => cachified({ key, cache, ...expiry, getFreshValue: () => load(key) }) };
  },
};

export const cachifiedOnRedis: LoaderPeer = {
  name: '@epic-web/cachified on Redis',
  package: '@epic-web/cachified',
  server: 'redis-server',
  setting:
    'cachified({ key, cache, ttl, getFreshValue }) over redis: GET, SET with PXAT, JSON, as its adapter has them',
  async open({ ports, prefix, ttl, load }) {
    const { cachified, totalTtl } = await import('@epic-web/cachified');
    const { createClient } = await import('redis');
    const client = await createClient({ url: redisUrl(ports) }).connect();
    const cache: Cache = {
      set(key, value) {
        const end = totalTtl(value.metadata) + value.metadata.createdTime;
        return client.set(key, JSON.stringify(value), { expiration: { type: 'PXAT', value: end } });
      },
      async get(key) {
        const text = await client.get(key);
        return text === null ? null : (JSON.parse(text) as Entry);
      },
      delete: (key) => client.del(key),
    };
    return { getOrSet: (key) => cachified({ key: `${prefix}:${key}`, cache, ttl, getFreshValue: () => load(key) }) };
  },
};

import type { AsyncPeer, LoaderPeer } from '../contract.js';

export const asyncCacheDedupe: AsyncPeer = {
  name: 'async-cache-dedupe',
  package: 'async-cache-dedupe',
  setting:
    "createCache({ ttl, storage: { type: 'memory', options: { size } } }).define('load', load): objects by reference; " +
    'where stale entries are to be answers, stale',
  offers: { get: false, getOrSet: true, stale: true },
  async open({ capacity, ttl, staleFor, load }) {
    const { createCache } = await import('async-cache-dedupe');
    const seconds = (ttl ?? 86_400_000) / 1000;
    const stale = staleFor === undefined ? {} : { stale: staleFor / 1000 };
    const storage = { type: 'memory', options: { size: capacity } } as const;
    const cache = createCache({ ttl: seconds, ...stale, storage });
    const defined = cache.define('load', (key: string) => load(key));
    return { getOrSet: (key) => defined.load(key) };
  },
};

export const asyncCacheDedupeOnRedis: LoaderPeer = {
  name: 'async-cache-dedupe on Redis',
  package: 'async-cache-dedupe',
  server: 'redis-server',
  setting: "createCache({ ttl, storage: { type: 'redis', options: { client } } }).define('load', load), by ioredis",
  async open({ ports, prefix, ttl, load }) {
    const { createCache } = await import('async-cache-dedupe');
    const { Redis } = await import('ioredis');
    const client = new Redis(ports['redis-server'] as number, '127.0.0.1');
    const cache = createCache({ ttl: ttl / 1000, storage: { type: 'redis', options: { client } } });
    const defined = cache.define(prefix, (key: string) => load(key));
    return { getOrSet: (key) => (defined[prefix] as (key: string) => Promise<unknown>)(key) };
  },
};

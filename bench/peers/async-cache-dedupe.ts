import type { AsyncPeer } from '../contract.js';

export const asyncCacheDedupe: AsyncPeer = {
  name: 'async-cache-dedupe',
  package: 'async-cache-dedupe',
  setting: "createCache({ ttl, storage: { type: 'memory', options: { size } } }).define('load', load)",
  offers: { get: false, getOrSet: true },
  async open({ capacity, ttl, load }) {
    const { createCache } = await import('async-cache-dedupe');
    const seconds = (ttl ?? 86_400_000) / 1000;
    const cache = createCache({ ttl: seconds, storage: { type: 'memory', options: { size: capacity } } });
    const defined = cache.define('load', (key: string) => load(key));
    return { getOrSet: (key) => defined.load(key) };
  },
};

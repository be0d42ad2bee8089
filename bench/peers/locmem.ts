import type { AsyncPeer, Isolation, SyncPeer } from '../contract.js';
import { loadingThrough } from './loading-through.js';

type Policy = 'lru' | 'tinylfu';

function syncLocmem(policy: Policy): SyncPeer {
  return {
    name: `locmem ${policy}`,
    package: 'locmem',
    setting: `new LocMemCache({ maxEntries, ttl, policy: '${policy}', values }); values: 'copy', the default, if not named`,
    ttl: { on: true, off: true },
    evicts: true,
    async open({ capacity, ttl, isolation }) {
      const { LocMemCache } = await import('locmem');
      const cache = new LocMemCache({ maxEntries: capacity, ttl, policy, ...valuesOption(isolation) });
      return { get: (key) => cache.getSync(key), set: (key, value) => cache.setSync(key, value) };
    },
  };
}

function asyncLocmem(policy: Policy): AsyncPeer {
  return {
    name: `locmem ${policy}`,
    package: 'locmem',
    setting: `new LocMemCache({ maxEntries, ttl, policy: '${policy}', values })`,
    offers: { get: true, getOrSet: true, stale: true },
    async open({ capacity, ttl, staleFor, isolation, load }) {
      const { LocMemCache } = await import('locmem');
      const cache = new LocMemCache({ maxEntries: capacity, ttl, policy, ...valuesOption(isolation) });
      return {
        get: (key) => cache.get(key),
        set: (key, value) => cache.set(key, value),
        getOrSet: loadingThrough(cache, load, staleFor),
      };
    },
  };
}

function valuesOption(isolation: Isolation | undefined): { values?: Isolation } {
  return isolation === undefined ? {} : { values: isolation };
}

export const locmemLru = syncLocmem('lru');
export const locmemTinylfu = syncLocmem('tinylfu');
export const asyncLocmemLru = asyncLocmem('lru');
export const asyncLocmemTinylfu = asyncLocmem('tinylfu');

import { join } from 'node:path';
import type { AsyncPeer, SharedPeer, SyncPeer } from '../contract.js';
import { loadingThrough } from './loading-through.js';

/** The segment is a few times as large as what is put in: near values may take a quarter of its size. */
const ROOM = 5;
const SMALLEST = 32 * 2 ** 20;
/** Room for an entry whose value is a small integer, wherever entries are counted, and a cache bounded by bytes. */
const NUMBER_BYTES = 240;

interface Choice {
  readonly values?: 'copy' | 'frozen';
  /** `'all'`: as many as there are keys. Not named: the default, 1000. */
  readonly near?: 'all' | 'none';
}

function sharedCache(name: string, { values = 'copy', near }: Choice, remark: string): SharedPeer {
  const nearOption = { all: 'nearEntries: keys, ', none: 'nearEntries: 0, ' };
  return {
    name,
    package: 'locmem',
    isAwaited: false,
    setting: `new SharedCache({ location, maxBytes, ttl, ${near ? nearOption[near] : ''}values: '${values}' }): ${remark}`,
    async open({ folder, bytes, keys, ttl }) {
      const { SharedCache } = await import('locmem');
      const cache = new SharedCache({
        location: join(folder, 'segment'),
        maxBytes: Math.max(SMALLEST, bytes * ROOM),
        ttl,
        values,
        ...(near === undefined ? {} : { nearEntries: near === 'all' ? Math.max(1000, keys) : 0 }),
      });
      return { get: (key) => cache.getSync(key), set: (key, value) => cache.setSync(key, value) };
    },
  };
}

export const sharedCopy = sharedCache('locmem shared, copy', { near: 'all' }, 'each reader has a copy of its own');
export const sharedFrozen = sharedCache(
  'locmem shared, frozen',
  { near: 'all', values: 'frozen' },
  'one frozen value for all readers of the process',
);
export const sharedNear = sharedCache('locmem shared', {}, 'the near cache as it is by default');
export const sharedPlain = sharedCache(
  'locmem shared, no near cache',
  { near: 'none' },
  'each read is one from the segment',
);

/** Where awaited calls of caches in the process are compared. */
export const asyncShared: AsyncPeer = {
  name: sharedNear.name,
  package: 'locmem',
  setting: sharedNear.setting,
  offers: { get: true, getOrSet: true, stale: true },
  async open({ ttl, staleFor, folder = '', load }) {
    const { SharedCache } = await import('locmem');
    const cache = new SharedCache({ location: join(folder, 'segment'), maxBytes: SMALLEST, ttl });
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      getOrSet: loadingThrough(cache, load, staleFor),
    };
  },
};

/** As a store of small numbers, where what it holds, and for how long it stands still, is compared. */
export const sharedHeld: SyncPeer = {
  name: sharedNear.name,
  package: 'locmem',
  setting: sharedNear.setting,
  ttl: { on: true, off: true },
  evicts: true,
  async open({ capacity, ttl, folder = '' }) {
    const { SharedCache } = await import('locmem');
    const maxBytes = Math.max(2 ** 20, capacity * NUMBER_BYTES);
    const cache = new SharedCache({ location: join(folder, `${capacity}.segment`), maxBytes, ttl });
    return { get: (key) => cache.getSync(key), set: (key, value) => cache.setSync(key, value) };
  },
};

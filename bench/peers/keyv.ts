import type { AsyncPeer } from '../contract.js';

export const keyv: AsyncPeer = {
  name: 'keyv',
  package: 'keyv',
  setting: 'new Keyv({ ttl }) on its Map, with serialize and deserialize undefined (copying objects: its default JSON)',
  offers: { get: true, getOrSet: false },
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

import type { AsyncPeer } from '../contract.js';

export const bentocache: AsyncPeer = {
  name: 'bentocache',
  package: 'bentocache',
  setting:
    'memoryDriver({ maxItems, serialize: false }) as its only layer (copying objects: serialize: true, its default)',
  offers: { get: true, getOrSet: true },
  async open({ capacity, ttl, isolation, load }) {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const memory = bentostore().useL1Layer(memoryDriver({ maxItems: capacity, serialize: isolation === 'copy' }));
    const cache = new BentoCache({ default: 'memory', stores: { memory }, ...(ttl === null ? {} : { ttl }) });
    return {
      get: (key) => cache.get({ key }),
      set: (key, value) => cache.set({ key, value }),
      getOrSet: (key) => cache.getOrSet({ key, factory: () => load(key) }),
    };
  },
};

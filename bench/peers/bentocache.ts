import type { AsyncPeer, ServerOptions, ServerPeer, ServerStore } from '../contract.js';

export const bentocache: AsyncPeer = {
  name: 'bentocache',
  package: 'bentocache',
  setting:
    'memoryDriver({ maxItems, serialize: false }) as its only layer (copying objects: serialize: true, its default; ' +
    'where stale entries are to be answers: grace)',
  offers: { get: true, getOrSet: true, stale: true },
  async open({ capacity, ttl, staleFor, isolation, load }) {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const memory = bentostore().useL1Layer(memoryDriver({ maxItems: capacity, serialize: isolation === 'copy' }));
    const grace = staleFor === undefined ? {} : { grace: staleFor };
    const cache = new BentoCache({ default: 'memory', stores: { memory }, ...(ttl === null ? {} : { ttl }), ...grace });
    return {
      get: (key) => cache.get({ key }),
      set: (key, value) => cache.set({ key, value }),
      getOrSet: (key) => cache.getOrSet({ key, factory: () => load(key) }),
    };
  },
};

async function openOnRedis(options: ServerOptions, isTiered: boolean): Promise<ServerStore> {
  const { ports, prefix, ttl, isText, keys, load } = options;
  const { BentoCache, bentostore } = await import('bentocache');
  const { memoryDriver } = await import('bentocache/drivers/memory');
  const { redisDriver } = await import('bentocache/drivers/redis');
  const redis = redisDriver({ connection: { host: '127.0.0.1', port: ports['redis-server'] as number } });
  const memory = memoryDriver({ maxItems: 2 * keys, serialize: !isText });
  const store = isTiered ? bentostore().useL1Layer(memory).useL2Layer(redis) : bentostore().useL2Layer(redis);
  const cache = new BentoCache({ default: 'store', stores: { store }, prefix, ttl });
  return {
    get: (key) => cache.get({ key }),
    set: (key, value) => cache.set({ key, value }),
    getOrSet: (key) => cache.getOrSet({ key, factory: () => load(key) }),
  };
}

export const bentocacheOnRedis: ServerPeer = {
  name: 'bentocache on Redis',
  package: 'bentocache',
  server: 'redis-server',
  setting: 'redisDriver({ connection }) as its only layer, by ioredis; it has no call for many keys',
  offers: { getMany: false, getOrSet: true },
  open: (options) => openOnRedis(options, false),
};

export const bentocacheTiered: ServerPeer = {
  name: 'bentocache, two tiers',
  package: 'bentocache',
  server: 'redis-server',
  setting:
    'memoryDriver({ maxItems, serialize }) (serializing objects only: its copies) before redisDriver({ connection })',
  offers: { getMany: false, getOrSet: true },
  open: (options) => openOnRedis(options, true),
};

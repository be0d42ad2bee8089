import type { AsyncPeer, LoaderPeer, Server, ServerPeer, SharedPeer, SyncPeer, Table } from '../contract.js';
import { isInstalled } from '../servers.js';
import { asyncCacheDedupe, asyncCacheDedupeOnRedis } from './async-cache-dedupe.js';
import { bentocache, bentocacheOnRedis, bentocacheTiered } from './bentocache.js';
import { cacheManager, cacheManagerOnRedis } from './cache-manager.js';
import { cacheable, cacheableMemory, cacheableOnRedis, cacheableTiered } from './cacheable.js';
import { cachifiedOnLru, cachifiedOnRedis } from './cachified.js';
import { ipcCache } from './ipc-cache.js';
import { keyv, keyvOnRedis } from './keyv.js';
import { lmdbBatched, lmdbMapBatched, lmdbMapSync, lmdbSync } from './lmdb.js';
import { asyncLocmemLru, asyncLocmemTinylfu, locmemLru, locmemTinylfu } from './locmem.js';
import { lruCache } from './lru-cache.js';
import { lruMin } from './lru-min.js';
import { map } from './map.js';
import { memcached } from './memcached.js';
import { mnemonistCache, mnemonistMap } from './mnemonist.js';
import { nodeCache } from './node-cache.js';
import { quickLru } from './quick-lru.js';
import { redis, redisClient, redisUntimed } from './redis.js';
import { redisCache } from './server-cache.js';
import { asyncShared, sharedCopy, sharedFrozen, sharedHeld, sharedNear, sharedPlain } from './shared-cache.js';
import { locmemAlone, sharedAlone, tieredLocmem, tieredShared } from './tiered-cache.js';
import { tinyLru } from './tiny-lru.js';
import { ttlCache, ttlCacheChecked } from './ttlcache.js';

/** Who takes part. Importing a peer's file here does not load its package. */
export const syncPeers: readonly SyncPeer[] = [
  locmemLru,
  locmemTinylfu,
  map,
  lruCache,
  tinyLru,
  quickLru,
  lruMin,
  mnemonistMap,
  mnemonistCache,
  nodeCache,
  ttlCache,
  ttlCacheChecked,
];

export const asyncPeers: readonly AsyncPeer[] = [
  asyncLocmemLru,
  asyncLocmemTinylfu,
  asyncShared,
  keyv,
  cacheManager,
  cacheable,
  bentocache,
  cachifiedOnLru,
  asyncCacheDedupe,
];

/** Takes part where entries are held, not where single calls are timed: those have scenarios of their own. */
export const heldPeers: readonly SyncPeer[] = [sharedHeld];

/** Takes part with objects only. */
export const objectPeers: readonly SyncPeer[] = [cacheableMemory];

/** Caches that several processes have in common. */
export const sharedPeers: readonly SharedPeer[] = [
  sharedCopy,
  sharedFrozen,
  sharedNear,
  sharedPlain,
  lmdbBatched,
  lmdbSync,
  lmdbMapBatched,
  lmdbMapSync,
  redis,
  memcached,
  ipcCache,
];

/** Caches on a server; each server's are compared with one another. */
export const serverPeers: readonly ServerPeer[] = [
  redisCache,
  redisClient,
  redisUntimed,
  keyvOnRedis,
  cacheableOnRedis,
  cacheManagerOnRedis,
  bentocacheOnRedis,
];

/** Two tiers, and the near one alone. */
export const tieredPeers: readonly ServerPeer[] = [
  tieredLocmem,
  locmemAlone,
  tieredShared,
  sharedAlone,
  bentocacheTiered,
  cacheableTiered,
];

/** Take part where only loading is compared. */
export const onlyLoaders: readonly LoaderPeer[] = [cachifiedOnRedis, asyncCacheDedupeOnRedis];

/** Those that load, in several processes: most have their entries in common. */
export const loaderPeers: readonly LoaderPeer[] = [
  sharedAlone,
  redisCache,
  tieredLocmem,
  locmemAlone,
  redisClient,
  bentocacheOnRedis,
  bentocacheTiered,
  cacheableTiered,
  cacheManagerOnRedis,
  ...onlyLoaders,
];

/** Whether what the peer talks to is on this machine. */
export function takesPart({ server }: { readonly server?: Server }): boolean {
  return server === undefined || isInstalled(server);
}

export const LOCMEM = locmemLru.name;
export const TTL_ON = 'ttl on';
export const TTL_OFF = 'without ttl';

/** The two tables of a synchronous scenario: like is compared with like. */
export function ttlTables(among: readonly SyncPeer[] = syncPeers): Table[] {
  const named = (peers: readonly SyncPeer[]) => peers.map((peer) => peer.name);
  return [
    { name: TTL_ON, contenders: named(among.filter((peer) => peer.ttl.on)), base: LOCMEM },
    { name: TTL_OFF, contenders: named(among.filter((peer) => peer.ttl.off)), base: LOCMEM },
  ];
}

/** @throws Error when no peer has that name. */
export function peerNamed<P extends { readonly name: string }>(peers: readonly P[], name: string): P {
  const peer = peers.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new Error(`no peer is named ${JSON.stringify(name)}`);
  return peer;
}

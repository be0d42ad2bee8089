import type { AsyncPeer, SyncPeer, Table } from '../contract.js';
import { asyncCacheDedupe } from './async-cache-dedupe.js';
import { bentocache } from './bentocache.js';
import { cacheManager } from './cache-manager.js';
import { cacheable, cacheableMemory } from './cacheable.js';
import { cachifiedOnLru } from './cachified.js';
import { keyv } from './keyv.js';
import { asyncLocmemLru, asyncLocmemTinylfu, locmemLru, locmemTinylfu } from './locmem.js';
import { lruCache } from './lru-cache.js';
import { lruMin } from './lru-min.js';
import { map } from './map.js';
import { mnemonistCache, mnemonistMap } from './mnemonist.js';
import { nodeCache } from './node-cache.js';
import { quickLru } from './quick-lru.js';
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
  keyv,
  cacheManager,
  cacheable,
  bentocache,
  cachifiedOnLru,
  asyncCacheDedupe,
];

/** Takes part with objects only. */
export const objectPeers: readonly SyncPeer[] = [cacheableMemory];

export const LOCMEM = locmemLru.name;
export const TTL_ON = 'ttl on';
export const TTL_OFF = 'without ttl';

/** The two tables of a synchronous scenario: like is compared with like. */
export function ttlTables(takesPart: (peer: SyncPeer) => boolean = () => true): Table[] {
  const named = (peers: readonly SyncPeer[]) => peers.filter(takesPart).map((peer) => peer.name);
  return [
    { name: TTL_ON, contenders: named(syncPeers.filter((peer) => peer.ttl.on)), base: LOCMEM },
    { name: TTL_OFF, contenders: named(syncPeers.filter((peer) => peer.ttl.off)), base: LOCMEM },
  ];
}

/** @throws Error when no peer has that name. */
export function peerNamed<P extends { readonly name: string }>(peers: readonly P[], name: string): P {
  const peer = peers.find((candidate) => candidate.name === name);
  if (peer === undefined) throw new Error(`no peer is named ${JSON.stringify(name)}`);
  return peer;
}

export type { TieredConfig } from './config/backends.js';
export { type CacheConfig, type Caches, type CachesConfig, createCaches } from './config/create-caches.js';
export { type ConfiguredCaches, cache, caches, configureCaches } from './config/default-caches.js';
export type {
  Cache,
  Entries,
  LoadContext,
  LoadedMany,
  LoadMissing,
  SyncCache,
  ValueOrFactory,
  WrapOptions,
  Wrapped,
} from './core/cache.js';
export type { CacheOptions } from './core/cache-options.js';
export type {
  EntryOptions,
  Expiry,
  GetOptions,
  LoadedEntryOptions,
  LoadManyOptions,
  LoadOptions,
  VersionOptions,
} from './core/call-options.js';
export type { Clock } from './core/clock.js';
export type {
  BackendName,
  CacheEvent,
  CacheEvents,
  ClearEvent,
  DepartureEvent,
  EntryEvent,
  ErrorEvent,
  LeaseWaitEvent,
  LoadEvent,
  Operation,
  OperationEvent,
  SetEvent,
  StaleEvent,
} from './core/diagnostics.js';
export {
  CacheClosedError,
  CacheError,
  CacheUnavailableError,
  InvalidConfigError,
  InvalidKeyError,
  KeyNotFoundError,
  LoadTimeoutError,
  NoSpaceError,
  RecursiveLoadError,
  SegmentError,
  UncacheableValueError,
  ValueTooLargeError,
} from './core/errors.js';
export type { KeyFunction } from './core/keys.js';
export type { ServerOptions } from './core/server-options.js';
export type { Size } from './core/size.js';
export type { SchemaVerdict, StandardSchema } from './core/standard-schema.js';
export type { CacheStats } from './core/stats.js';
export type { Ttl } from './core/ttl.js';
export { DummyCache, type DummyCacheOptions } from './dummy/dummy-cache.js';
export type { CompressionAlgorithm } from './encoding/compression.js';
export type { CompressionOptions, EncodingOptions, Serializer } from './encoding/encoding-options.js';
export { KeyvCache } from './keyv/keyv-cache.js';
export type { KeyvInstance } from './keyv/keyv-instance.js';
export type { KeyvCacheOptions } from './keyv/keyv-options.js';
export { type CachedOptions, cached } from './load/cached.js';
export { LocMemCache } from './locmem/locmem-cache.js';
export type { LocMemCacheOptions } from './locmem/locmem-options.js';
export { MemcachedCache } from './memcached/memcached-cache.js';
export type { MemcachedCacheOptions } from './memcached/memcached-options.js';
export { RedisCache } from './redis/redis-cache.js';
export type { RedisCacheOptions, RedisClient } from './redis/redis-options.js';
export { SharedCache } from './shared/shared-cache.js';
export type { SharedCacheOptions } from './shared/shared-options.js';
export { TieredCache } from './tiered/tiered-cache.js';
export type { TieredCacheOptions } from './tiered/tiered-options.js';

import { readCacheOptions } from '../core/cache-options.js';
import type { BackendName } from '../core/diagnostics.js';
import { ValueCodec } from '../encoding/value-codec.js';
import { LoadingServerCache } from '../load/loading-server-cache.js';
import { RedisEngine } from './redis-engine.js';
import { type RedisCacheOptions, readRedisOptions } from './redis-options.js';

/**
 * A cache on Redis or Valkey (6.2 or later), for many machines: standalone, behind Sentinel, or a Cluster. Keys are
 * Django's, so that both can share a server. The package `redis` speaks the protocol; it is loaded, and Redis connected
 * to, at the first call.
 *
 * Caches of one process that name the same server share one connection.
 *
 * @throws InvalidConfigError if an option is wrong or unknown.
 */
export class RedisCache extends LoadingServerCache {
  constructor(options: RedisCacheOptions = {}) {
    const settings = readRedisOptions(options);
    const cacheSettings = readCacheOptions(options);
    super(
      cacheSettings,
      new RedisEngine(settings, cacheSettings, new ValueCodec(settings.encoding)),
      settings.failOpen,
    );
  }

  protected override get backend(): BackendName {
    return 'redis';
  }
}

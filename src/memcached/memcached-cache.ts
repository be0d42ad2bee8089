import { readCacheOptions } from '../core/cache-options.js';
import type { BackendName } from '../core/diagnostics.js';
import { readEncodingOptions } from '../encoding/encoding-options.js';
import { ValueCodec } from '../encoding/value-codec.js';
import { LoadingServerCache } from '../load/loading-server-cache.js';
import { MemcachedEngine } from './memcached-engine.js';
import { type MemcachedCacheOptions, readMemcachedOptions } from './memcached-options.js';

/**
 * A cache on memcached: one server, or many, among which the keys are divided by consistent hashing. Shared by all
 * programs, on all machines, that name the same servers.
 *
 * Needs the package memcache-client, loaded at the first call. What differs from other caches (sizes, `clear` with a
 * prefix, moving) is told in docs/memcached.md.
 *
 * @throws InvalidConfigError if an option is wrong or unknown.
 */
export class MemcachedCache extends LoadingServerCache {
  constructor(options: MemcachedCacheOptions) {
    const memcached = readMemcachedOptions(options);
    const settings = readCacheOptions(options);
    const codec = new ValueCodec(readEncodingOptions(options));
    super(settings, new MemcachedEngine(settings, memcached, codec), memcached.failOpen);
  }

  protected override get backend(): BackendName {
    return 'memcached';
  }
}

import { CACHE_OPTIONS, type CacheOptions } from '../core/cache-options.js';
import { checkKnownOptions } from '../core/options.js';
import { readServerOptions, SERVER_OPTIONS, type ServerOptions, type ServerSettings } from '../core/server-options.js';

/** What `new KeyvCache(keyv)` takes beside the Keyv. */
export interface KeyvCacheOptions extends CacheOptions, ServerOptions {}

const KEYV_OPTIONS = [...CACHE_OPTIONS, ...SERVER_OPTIONS];

/** @throws InvalidConfigError naming the option at fault. */
export function readKeyvOptions(options: KeyvCacheOptions): ServerSettings {
  checkKnownOptions('KeyvCache', options, KEYV_OPTIONS);
  return readServerOptions(options);
}

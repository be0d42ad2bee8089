import { CACHE_OPTIONS, type CacheOptions } from '../core/cache-options.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { checkKnownOptions } from '../core/options.js';

/** What `new KeyvCache(keyv)` takes beside the Keyv. */
export interface KeyvCacheOptions extends CacheOptions {
  /**
   * Where the Keyv's store fails: `false`, a call rejects with `CacheUnavailableError`; `true`, reads miss and writes are
   * dropped, counted in `stats().errors`. Default: `false`.
   */
  failOpen?: boolean;
}

const KEYV_OPTIONS = [...CACHE_OPTIONS, 'failOpen'];

/** @throws InvalidConfigError naming the option at fault. */
export function checkKeyvOptions(options: KeyvCacheOptions): void {
  checkKnownOptions('KeyvCache', options, KEYV_OPTIONS);
  const { failOpen = false } = options;
  if (typeof failOpen !== 'boolean') throw new InvalidConfigError(`failOpen is true or false; got ${show(failOpen)}.`);
}

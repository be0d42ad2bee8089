import { readCacheOptions } from '../core/cache-options.js';
import type { BackendName } from '../core/diagnostics.js';
import { LoadingServerCache } from '../load/loading-server-cache.js';
import { KeyvEngine } from './keyv-engine.js';
import { checkKeyv, type KeyvInstance } from './keyv-instance.js';
import { type KeyvCacheOptions, readKeyvOptions } from './keyv-options.js';
import { enterPlace } from './place.js';

/**
 * A cache in whatever a Keyv stores in, PostgreSQL, MySQL, SQLite, MongoDB and many more: Django's database cache.
 *
 * `add`, `incr`, `touch`, `delete` and `incrVersion` are atomic among all caches on the same Keyv object. Keyv knows no
 * atomic change, so they are not among processes, nor among several Keyv objects. `close()` leaves the Keyv connected:
 * it is its maker's.
 *
 * @throws InvalidConfigError if it is not a Keyv of version 5, or an option is wrong or unknown.
 */
export class KeyvCache extends LoadingServerCache {
  constructor(keyv: KeyvInstance, options: KeyvCacheOptions = {}) {
    checkKeyv(keyv);
    const { commandTimeout, failOpen } = readKeyvOptions(options);
    const settings = readCacheOptions(options);
    super(settings, new KeyvEngine(settings, enterPlace(keyv), commandTimeout), failOpen);
  }

  protected override get backend(): BackendName {
    return 'keyv';
  }
}

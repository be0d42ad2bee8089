import { InvalidConfigError, show } from './errors.js';
import { checkVersion, defaultKeyFunction, type KeyFunction } from './keys.js';
import { type Ttl, ttlMilliseconds } from './ttl.js';

/** What every backend takes. */
export interface CacheOptions {
  /** How long an entry lives where its call does not say. Default: `'5m'`. */
  ttl?: Ttl;
  /** Put before every key. Default: `''`. */
  keyPrefix?: string;
  /** The version of keys where a call does not say: a whole number. Default: 1. */
  version?: number;
  /** Makes the stored key. Default: Django's `prefix:version:key`. */
  keyFunction?: KeyFunction;
}

export const CACHE_OPTIONS = ['ttl', 'keyPrefix', 'version', 'keyFunction'] as const;

/** {@link CacheOptions}, checked, with the defaults filled in and the ttl in milliseconds. */
export interface CacheSettings {
  readonly ttl: number;
  readonly keyPrefix: string;
  readonly version: number;
  readonly keyFunction: KeyFunction;
}

/** @throws InvalidConfigError naming the option at fault. */
export function readCacheOptions(options: CacheOptions): CacheSettings {
  const { ttl = '5m', keyPrefix = '', version = 1, keyFunction = defaultKeyFunction } = options;
  if (typeof keyPrefix !== 'string') throw new InvalidConfigError(`keyPrefix is a string; got ${show(keyPrefix)}.`);
  if (typeof keyFunction !== 'function') {
    throw new InvalidConfigError(`keyFunction is a function of (key, keyPrefix, version); got ${show(keyFunction)}.`);
  }
  return {
    ttl: asConfig('ttl', () => ttlMilliseconds(ttl)),
    keyPrefix,
    version: asConfig('version', () => {
      checkVersion(version);
      return version;
    }),
    keyFunction,
  };
}

/** What is a wrong argument in a call is a wrong option in a constructor. */
function asConfig<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new InvalidConfigError(`The option ${name}: ${(cause as Error).message}`, { cause });
  }
}

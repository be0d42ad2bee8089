import type { CacheSettings } from '../core/cache-options.js';
import { checkKey, defaultKeyFunction, overheadOf, storedKey, warnOfUnportableKey } from '../core/keys.js';

/** What the keys of one cache are called in the tables of a store: as they are given, or as its key function makes them. */
export class KeyNames {
  /** Whether a key function makes them. */
  readonly isRaw: boolean;
  readonly prefix: string;
  /** The bytes that a stored key of the cache's own version has beyond the key. */
  readonly overhead: number;
  readonly #version: number;
  readonly #keyFunction: CacheSettings['keyFunction'];

  constructor({ keyFunction, keyPrefix, version }: CacheSettings) {
    this.isRaw = keyFunction !== defaultKeyFunction;
    this.prefix = keyPrefix;
    this.overhead = overheadOf(keyPrefix, version);
    this.#version = version;
    this.#keyFunction = keyFunction;
  }

  /** @throws TypeError for what is not a key, before a key function is called with it. */
  ofChecked(key: string, version: number): string {
    if (!this.isRaw) return key;
    checkKey(key);
    return storedKey(this.#keyFunction, key, this.prefix, version);
  }

  of(key: string, version: number): string {
    return this.isRaw ? storedKey(this.#keyFunction, key, this.prefix, version) : key;
  }

  /** Warns, once for a kind of key, of what another backend would not take. */
  warn(name: string, version: number): void {
    if (this.isRaw) warnOfUnportableKey(name, 0);
    else if (version === this.#version) warnOfUnportableKey(name, this.overhead);
    else warnOfUnportableKey(name, overheadOf(this.prefix, version));
  }
}

import type { CacheSettings } from '../core/cache-options.js';
import type { VersionOptions } from '../core/call-options.js';
import type { Address } from '../core/engine.js';
import { ValueTooLargeError } from '../core/errors.js';
import { type InProcessCache, settingsOfNear } from '../core/in-process-cache.js';
import { defaultKeyFunction } from '../core/keys.js';

/**
 * The l1 of a tiered cache: what it calls the entries of l2.
 *
 * Where both have one prefix and no key function, key and version are the same in both: then a hit costs what it costs
 * in l1. Otherwise the stored key of l2 is the key in l1, so that entries are one here if they are one there.
 */
export class NearTier {
  readonly cache: InProcessCache;
  readonly #beginning: string | undefined;
  readonly #version: number;

  constructor(cache: InProcessCache, far: CacheSettings) {
    const near = settingsOfNear(cache);
    this.cache = cache;
    this.#version = near.version;
    const isSame =
      near.keyPrefix === far.keyPrefix &&
      near.keyFunction === defaultKeyFunction &&
      far.keyFunction === defaultKeyFunction;
    this.#beginning = isSame ? `${far.keyPrefix}:` : undefined;
  }

  /** Whether a key and no more is enough to find the entry of the version. */
  hasVersion(version: number): boolean {
    return this.#beginning !== undefined && version === this.#version;
  }

  get(at: Address): unknown {
    return this.cache.getSync(this.#keyOf(at), this.#optionsOf(at.version));
  }

  has(at: Address): boolean {
    return this.cache.hasSync(this.#keyOf(at), this.#optionsOf(at.version));
  }

  /** Keeps a copy, if it has room for one. */
  keep(at: Address, value: unknown, ttl: number): void {
    try {
      this.cache.setSync(this.#keyOf(at), value, { ttl, ...this.#optionsOf(at.version) });
    } catch (error) {
      if (!(error instanceof ValueTooLargeError)) throw error;
      this.drop(at);
    }
  }

  touch(at: Address, ttl: number): void {
    this.cache.touchSync(this.#keyOf(at), ttl, this.#optionsOf(at.version));
  }

  drop(at: Address): boolean {
    return this.cache.deleteSync(this.#keyOf(at), this.#optionsOf(at.version));
  }

  /** Drops the entry of a stored key of l2, as the server names it. */
  dropStored(name: string): void {
    if (this.#beginning === undefined) {
      this.cache.deleteSync(name);
      return;
    }
    const match = /^(-?\d+):(.+)$/s.exec(name.slice(this.#beginning.length));
    if (match !== null && name.startsWith(this.#beginning)) {
      this.cache.deleteSync(match[2]!, { version: Number(match[1]) });
    }
  }

  clear(): void {
    this.cache.clearSync();
  }

  #keyOf({ key, name }: Address): string {
    return this.#beginning === undefined ? name : key;
  }

  #optionsOf(version: number): VersionOptions {
    return this.#beginning === undefined ? {} : { version };
  }
}

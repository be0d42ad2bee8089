import type { CacheSettings } from '../core/cache-options.js';
import type { VersionOptions } from '../core/call-options.js';
import type { Address } from '../core/engine.js';
import { CacheClosedError, ValueTooLargeError } from '../core/errors.js';
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
  keep(at: Address, value: unknown, ttl: number, tags: readonly string[] = []): void {
    try {
      this.cache.setSync(this.#keyOf(at), value, { ttl, tags, ...this.#optionsOf(at.version) });
    } catch (error) {
      if (!(error instanceof ValueTooLargeError)) throw error;
      this.drop(at);
    }
  }

  drop(at: Address): void {
    this.#drop(this.#keyOf(at), this.#optionsOf(at.version));
  }

  /** Drops the entry of a stored key of l2, as the server names it: what others store there may be no name of ours. */
  dropStored(name: string): void {
    if (this.#beginning === undefined) {
      if (name !== '') this.#drop(name);
      return;
    }
    const match = /^(-?\d+):(.+)$/s.exec(name.slice(this.#beginning.length));
    if (match === null || !name.startsWith(this.#beginning)) return;
    const version = Number(match[1]);
    if (Number.isSafeInteger(version)) this.#drop(match[2]!, { version });
  }

  /** Drops all copies of entries with these tags. */
  dropTags(tags: readonly string[]): void {
    this.cache.deleteTagsSync(tags);
  }

  clear(): void {
    unlessClosed(() => this.cache.clearSync());
  }

  #drop(key: string, options?: VersionOptions): void {
    unlessClosed(() => this.cache.deleteSync(key, options));
  }

  #keyOf({ key, name }: Address): string {
    return this.#beginning === undefined ? name : key;
  }

  #optionsOf(version: number): VersionOptions {
    return this.#beginning === undefined ? {} : { version };
  }
}

/** An l1 that was closed has nothing to drop: that is no failure of what was done in l2, nor of what the server tells. */
function unlessClosed(drop: () => unknown): void {
  try {
    drop();
  } catch (error) {
    if (!(error instanceof CacheClosedError)) throw error;
  }
}

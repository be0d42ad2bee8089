import type { Entries } from './cache.js';
import type { CacheSettings } from './cache-options.js';
import type { Expiry, GetOptions, VersionOptions } from './call-options.js';
import { InProcessCalls } from './in-process-calls.js';
import type { CacheStats } from './stats.js';
import type { Ttl } from './ttl.js';

/** The settings of a cache, for who puts it in front of another. */
export let settingsOfNear: (cache: InProcessCache) => CacheSettings;

/** A cache in the memory of this machine: its async face is derived from the sync one, here and nowhere else. */
export abstract class InProcessCache extends InProcessCalls {
  static {
    settingsOfNear = (cache) => cache.settings;
  }

  get<T = unknown>(key: string, options?: VersionOptions): Promise<T | undefined>;
  get<T = unknown>(key: string, options: GetOptions<null> & { default: null }): Promise<T | null>;
  get<T = unknown, D = T>(key: string, options: GetOptions<D> & { default: D }): Promise<T | D>;
  // Not an async function: the promise alone costs 50 ns, the rest of one another 20, which is as much as the hit.
  get(key: string, options?: GetOptions<unknown>): Promise<unknown> {
    try {
      return Promise.resolve(this.getSync(key, options as never));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async set(key: string, value: unknown, options?: Expiry): Promise<void> {
    this.setSync(key, value, options);
  }

  async add(key: string, value: unknown, options?: Expiry): Promise<boolean> {
    return this.addSync(key, value, options);
  }

  async getMany<T = unknown>(keys: Iterable<string>, options?: VersionOptions): Promise<Map<string, T>> {
    return this.getManySync(keys, options);
  }

  async setMany(entries: Entries, options?: Expiry): Promise<string[]> {
    return this.setManySync(entries, options);
  }

  async has(key: string, options?: VersionOptions): Promise<boolean> {
    return this.hasSync(key, options);
  }

  async delete(key: string, options?: VersionOptions): Promise<boolean> {
    return this.deleteSync(key, options);
  }

  async deleteMany(keys: Iterable<string>, options?: VersionOptions): Promise<number> {
    return this.deleteManySync(keys, options);
  }

  async touch(key: string, ttl?: Ttl, options?: VersionOptions): Promise<boolean> {
    return this.touchSync(key, ttl, options);
  }

  async incr(key: string, delta?: number, options?: VersionOptions): Promise<number> {
    return this.incrSync(key, delta, options);
  }

  async decr(key: string, delta?: number, options?: VersionOptions): Promise<number> {
    return this.decrSync(key, delta, options);
  }

  async incrVersion(key: string, delta?: number, options?: VersionOptions): Promise<number> {
    return this.incrVersionSync(key, delta, options);
  }

  async decrVersion(key: string, delta?: number, options?: VersionOptions): Promise<number> {
    return this.decrVersionSync(key, delta, options);
  }

  async clear(): Promise<void> {
    this.clearSync();
  }

  async deleteTag(tag: string): Promise<void> {
    this.deleteTagSync(tag);
  }

  async deleteTags(tags: Iterable<string>): Promise<void> {
    this.deleteTagsSync(tags);
  }

  async stats(): Promise<CacheStats> {
    return this.statsSync();
  }

  async close(): Promise<void> {
    this.closeSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closeSync();
  }
}

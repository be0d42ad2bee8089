import type { Entries } from './cache.js';
import type { CacheSettings } from './cache-options.js';
import { type Expiry, type GetOptions, readGetVersion, type VersionOptions } from './call-options.js';
import { CallReader, checkDelta, checkStorable, notFound, notNumber, pairs, uniqueKeys } from './call-reader.js';
import { cleared, deleted, hit, miss, type Operation, set, tell } from './diagnostics.js';
import type { EntryExtras, Recalled } from './entry-extras.js';
import { ValueTooLargeError } from './errors.js';
import { checkKey, checkVersion } from './keys.js';
import type { CacheStats } from './stats.js';
import { checkTag, readDeletedTags, readExtras } from './tags.js';
import type { Ttl } from './ttl.js';

/**
 * The sync calls of a cache in the memory of this machine, derived from a backend's primitives.
 *
 * Arguments are checked here. A primitive gets a valid key, version and ttl (in milliseconds); `read` alone gets the key
 * unchecked, since what is not a key is not in the cache either, and checks it when it has missed. Values go in and out
 * of primitives sealed: as the backend keeps them, out of everyone's reach.
 */
export abstract class InProcessCalls extends CallReader {
  /** What the hot path reads, as a field of its own. */
  readonly #version: number;

  protected constructor(settings: CacheSettings) {
    super(settings);
    this.#version = settings.version;
  }

  /** The value for a reader, who may do with it what the cache's `values` say; `undefined` if there is none. */
  protected abstract read(key: string, version: number): unknown;
  /** @throws ValueTooLargeError, with the old entry untouched. */
  protected abstract write(key: string, sealed: unknown, ttl: number, version: number, extras?: EntryExtras): void;
  /** Writes unless the key is there: whether it was free. */
  protected abstract writeNew(
    key: string,
    sealed: unknown,
    ttl: number,
    version: number,
    extras?: EntryExtras,
  ): boolean;
  /** The entry, also where it is stale; not where a tag of it was deleted. Counts a hit where it is not stale, else a miss. */
  protected abstract recall(key: string, version: number): Recalled | undefined;
  /** Gives the entry, stale or not, a new ttl and time to be stale, without storing it anew; whether it was there. Its load time and tags stay. @param ttl more than 0 */
  protected abstract renew(key: string, ttl: number, staleFor: number, version: number): boolean;
  /** Makes every entry that was stored with one of these tags, under the cache's prefix, missing. In one step each. */
  protected abstract removeTags(tags: readonly string[]): void;
  protected abstract contains(key: string, version: number): boolean;
  protected abstract remove(key: string, version: number): boolean;
  protected abstract prolong(key: string, ttl: number, version: number): boolean;
  /** The new number, or what stands there instead of one; `undefined` if nothing does. */
  protected abstract increase(key: string, delta: number, version: number): unknown;
  protected abstract move(key: string, version: number, target: number): boolean;
  protected abstract removeAll(): void;
  /** The value as this backend keeps it. @throws UncacheableValueError */
  protected abstract seal(value: unknown): unknown;
  /** The opposite of `seal`: the value for one reader. */
  protected abstract unseal(sealed: unknown): unknown;
  /** @throws CacheClosedError */
  protected abstract checkOpen(): void;
  /** Throws what `write` would throw of this entry, unless that is its size: before any of several is written. */
  protected abstract checkEntry(key: string, sealed: unknown, version: number): void;
  /** Called after each call that stored or removed this one key, or would have. */
  protected abstract changed(key: string, version: number): void;
  /** Called after each call that removed entries by these tags. */
  protected abstract tagsChanged(tags: readonly string[]): void;

  abstract statsSync(): CacheStats;
  abstract closeSync(): void;

  getSync<T = unknown>(key: string, options?: VersionOptions): T | undefined;
  getSync<T = unknown>(key: string, options: GetOptions<null> & { default: null }): T | null;
  getSync<T = unknown, D = T>(key: string, options: GetOptions<D> & { default: D }): T | D;
  getSync(key: string, options?: GetOptions<unknown>): unknown {
    if (options === undefined) return this.readTold('get', key, this.#version);
    const value = this.readTold('get', key, readGetVersion(options, this.#version));
    return value === undefined ? options.default : value;
  }

  setSync(key: string, value: unknown, options?: Expiry): void {
    checkKey(key);
    const version = this.entryVersion('set', options);
    const ttl = this.entryTtl(options);
    const extras = readExtras(options);
    this.write(key, this.sealed(value), ttl, version, extras);
    this.changed(key, version);
    if (set.hasSubscribers) this.tellSet('set', key, version, ttl);
  }

  addSync(key: string, value: unknown, options?: Expiry): boolean {
    checkKey(key);
    const version = this.entryVersion('add', options);
    const ttl = this.entryTtl(options);
    const extras = readExtras(options);
    const added = this.writeNew(key, this.sealed(value), ttl, version, extras);
    if (added) {
      this.changed(key, version);
      if (set.hasSubscribers) this.tellSet('add', key, version, ttl);
    }
    return added;
  }

  getManySync<T = unknown>(keys: Iterable<string>, options?: VersionOptions): Map<string, T> {
    const version = this.versionOf('getMany', options);
    this.checkOpen();
    const found = new Map<string, T>();
    for (const key of uniqueKeys('getMany', keys)) {
      const value = this.readTold('getMany', key, version);
      if (value !== undefined) found.set(key, value as T);
    }
    return found;
  }

  setManySync(entries: Entries, options?: Expiry): string[] {
    const version = this.entryVersion('setMany', options);
    const ttl = this.entryTtl(options);
    const extras = readExtras(options);
    this.checkOpen();
    const sealed = new Map<string, unknown>();
    for (const [key, value] of pairs('setMany takes', entries)) {
      checkKey(key);
      sealed.set(key, this.sealed(value));
    }
    for (const [key, value] of sealed) this.checkEntry(key, value, version);
    const failed: string[] = [];
    for (const [key, value] of sealed) {
      try {
        this.write(key, value, ttl, version, extras);
        this.changed(key, version);
        if (set.hasSubscribers) this.tellSet('setMany', key, version, ttl);
      } catch (error) {
        if (!(error instanceof ValueTooLargeError)) throw error;
        failed.push(key);
      }
    }
    return failed;
  }

  hasSync(key: string, options?: VersionOptions): boolean {
    checkKey(key);
    return this.contains(key, this.versionOf('has', options));
  }

  deleteSync(key: string, options?: VersionOptions): boolean {
    checkKey(key);
    const version = this.versionOf('delete', options);
    const removed = this.remove(key, version);
    this.changed(key, version);
    if (removed && deleted.hasSubscribers) tell(deleted, this.eventOf('delete'), key, version);
    return removed;
  }

  deleteManySync(keys: Iterable<string>, options?: VersionOptions): number {
    const version = this.versionOf('deleteMany', options);
    this.checkOpen();
    let removed = 0;
    for (const key of uniqueKeys('deleteMany', keys)) {
      const isRemoved = this.remove(key, version);
      this.changed(key, version);
      if (!isRemoved) continue;
      removed++;
      if (deleted.hasSubscribers) tell(deleted, this.eventOf('deleteMany'), key, version);
    }
    return removed;
  }

  touchSync(key: string, ttl?: Ttl, options?: VersionOptions): boolean {
    checkKey(key);
    return this.prolong(key, this.ttlOf(ttl), this.versionOf('touch', options));
  }

  incrSync(key: string, delta = 1, options?: VersionOptions): number {
    checkKey(key);
    const version = this.versionOf('incr', options);
    checkDelta(delta);
    const value = this.increase(key, delta, version);
    if (typeof value === 'number') return value;
    if (value === undefined) throw notFound(key, version);
    throw notNumber(key, this.unseal(value));
  }

  decrSync(key: string, delta = 1, options?: VersionOptions): number {
    checkDelta(delta);
    return this.incrSync(key, -delta, options);
  }

  incrVersionSync(key: string, delta = 1, options?: VersionOptions): number {
    checkKey(key);
    const version = this.versionOf('incrVersion', options);
    checkVersion(delta);
    const target = version + delta;
    checkVersion(target);
    if (!this.move(key, version, target)) throw notFound(key, version);
    this.changed(key, version);
    this.changed(key, target);
    return target;
  }

  decrVersionSync(key: string, delta = 1, options?: VersionOptions): number {
    checkVersion(delta);
    return this.incrVersionSync(key, -delta, options);
  }

  clearSync(): void {
    this.removeAll();
    if (cleared.hasSubscribers) cleared.publish({ ...this.eventOf('clear'), tags: undefined });
  }

  deleteTagSync(tag: string): void {
    checkTag(tag);
    this.#deleteTags([tag]);
  }

  deleteTagsSync(tags: Iterable<string>): void {
    this.#deleteTags(readDeletedTags(tags));
  }

  /** `read`, and tells who listens. */
  protected readTold(operation: Operation, key: string, version: number): unknown {
    const value = this.read(key, version);
    this.tellRead(operation, key, version, value !== undefined);
    return value;
  }

  protected tellRead(operation: Operation, key: string, version: number, isHit: boolean): void {
    const channel = isHit ? hit : miss;
    if (channel.hasSubscribers) tell(channel, this.eventOf(operation), key, version);
  }

  protected tellSet(operation: Operation, key: string, version: number, ttl: number): void {
    tell(set, this.eventOf(operation), key, version, { ttl });
  }

  protected sealed(value: unknown): unknown {
    checkStorable(value);
    return this.seal(value);
  }

  #deleteTags(tags: readonly string[]): void {
    this.checkOpen();
    this.removeTags(tags);
    this.tagsChanged(tags);
    if (cleared.hasSubscribers) cleared.publish({ ...this.eventOf('deleteTags'), tags });
  }
}

import type {
  Expiry,
  GetOptions,
  LoadedEntryOptions,
  LoadManyOptions,
  LoadOptions,
  VersionOptions,
} from './call-options.js';
import type { CacheStats } from './stats.js';
import type { Ttl } from './ttl.js';

/** What `setMany` takes: an object, a `Map`, or anything that yields pairs. */
export type Entries = Readonly<Record<string, unknown>> | Iterable<readonly [key: string, value: unknown]>;

/** What a factory is handed. */
export interface LoadContext {
  /**
   * Aborted when nobody waits for the factory any more: all callers left, or its `timeout` is over. Hand it on to
   * `fetch` and the like. Of the sync face: never.
   */
  readonly signal: AbortSignal;
  /**
   * What is stored already: stale, or about to be. A copy of its own. Only of calls with `staleWhileRevalidate`,
   * `staleIfError` or `earlyRefresh`; `undefined` where there is nothing.
   */
  readonly stale: unknown;
  /**
   * Returned in the place of a value, it says that what is {@link stale} is still right, as a server does by 304: the
   * entry has its ttl anew, and is not stored anew. Where there is nothing stale that is a TypeError. (The type fits
   * whatever else the factory returns.)
   */
  readonly unchanged: never;
  /** How long what is made is to live, in the place of the call's `ttl` and `negativeTtl`: set it by what was loaded. */
  ttl: Ttl | undefined;
  /** The tags of what is made, in the place of the call's. */
  tags: readonly string[] | undefined;
}

/** A value, or what makes it when it is not in the cache. */
export type ValueOrFactory<T> = T | ((context: LoadContext) => T | PromiseLike<T>);

/**
 * A `T` that is not a function that makes one, written so that its union with such a function is not `unknown` where `T`
 * is: what the function is handed would then have no type. A value whose type is a type parameter does not fit it.
 */
export type Data<T> = T & (NonNullable<unknown> | null | undefined);

/** {@link ValueOrFactory}, for calls that say what `T` is. */
export type DataOrFactory<T> = Data<T> | ((context: LoadContext) => T | PromiseLike<T>);

/** What a loader of many keys returns: as {@link Entries}. A key that is left out, or `undefined`, is not there. */
export type LoadedMany<T> = Readonly<Record<string, T | undefined>> | Iterable<readonly [key: string, value: T]>;

/** Makes the values of those keys that are not in the cache, in the order asked. */
export type LoadMissing<T> = (missing: string[], context: LoadContext) => LoadedMany<T> | PromiseLike<LoadedMany<T>>;

/** How `wrap` names and stores the results of a function. */
export interface WrapOptions<A extends unknown[], This = unknown> extends LoadOptions {
  /**
   * The key, or what makes it of the function's arguments. Default: the function's name and its arguments, which are
   * then data: two calls have one key exactly if their arguments are deeply and strictly equal. So two functions of one
   * name need a `key` if they share a cache; and so do all where a minifier renames them.
   */
  key?: string | ((this: This, ...args: A) => string);
}

/** A function that answers through the cache. */
export interface Wrapped<A extends unknown[], R, This = unknown> {
  (this: This, ...args: A): Promise<Awaited<R>>;
  /** Deletes what is cached for these arguments; whether there was something. */
  invalidate(this: This, ...args: A): Promise<boolean>;
  /**
   * Calls the function now, whatever is cached, and stores what it returns: the new value. If it fails, what was cached
   * is left alone. Callers whose run was under way have what it loads, and it is not stored.
   */
  refresh(this: This, ...args: A): Promise<Awaited<R>>;
}

/**
 * What every cache does, on every backend. No method throws synchronously: what is wrong is a rejection.
 *
 * Keys are strings of at least one character, values are data ({@link UncacheableValueError} names what is not), a
 * missing entry is `undefined`, and `null` is a value like any other. An expired entry is missing to every call.
 */
export interface Cache {
  /** The value, else `default`, else `undefined`. */
  get<T = unknown>(key: string, options?: VersionOptions): Promise<T | undefined>;
  get<T = unknown>(key: string, options: GetOptions<null> & { default: null }): Promise<T | null>;
  get<T = unknown, D = T>(key: string, options: GetOptions<D> & { default: D }): Promise<T | D>;

  /**
   * Stores `value`, in the place of what was there. With a ttl of 0 or less the key is gone afterwards.
   *
   * @throws TypeError if the value is `undefined` (use `delete`), the key is not a key or the ttl cannot be read.
   * @throws UncacheableValueError if the value is not data; the old entry is untouched.
   * @throws ValueTooLargeError if it is larger than the cache takes; the old entry is untouched.
   */
  set(key: string, value: unknown, options?: Expiry): Promise<void>;

  /** Stores `value` unless the key is there: `true` if it was stored. Atomic. */
  add(key: string, value: unknown, options?: Expiry): Promise<boolean>;

  /**
   * The cached value, else the factory's, stored. Concurrent callers share one run of the factory; if it fails, all of
   * them get its error and nothing is stored. A factory's `undefined` is handed out and not stored.
   *
   * A `set`, `add`, `delete` or `clear` of the key during the run wins, and so does a `deleteTag` of one of its tags:
   * those who wait get what the factory made, but it is not stored, and who asks after it starts anew.
   *
   * A factory that returns `undefined` says that there is nothing: what was stale, or refreshed early, goes.
   *
   * @throws LoadTimeoutError if the factory takes longer than the `timeout`.
   */
  getOrSet<T>(key: string, valueOrFactory: DataOrFactory<T>, options?: LoadOptions | Ttl): Promise<T>;
  getOrSet<T>(key: string, valueOrFactory: ValueOrFactory<T>, options?: LoadOptions | Ttl): Promise<T>;

  /**
   * The cached values of `keys`, and those that one call of the loader makes for all that are missing, stored; in the
   * order asked. What the loader leaves out is not stored, and not in the result. A key that is being loaded already is
   * waited for and not loaded again, be it by this call or `getOrSet`; else all is as it is there, for each key.
   *
   * But what is stale is missing to this call, though what it loads may be stale to others; and it does not wait for
   * other processes. What the loader chooses by its context is for all that it makes.
   *
   * @throws TypeError if the loader returns what is not pairs, or a key that it was not asked for.
   */
  getOrSetMany<T>(
    keys: Iterable<string>,
    loadMissing: LoadMissing<T>,
    options?: LoadManyOptions | Ttl,
  ): Promise<Map<string, T>>;

  /** Those of `keys` that were found, in the order asked. A key named twice is one key. */
  getMany<T = unknown>(keys: Iterable<string>, options?: VersionOptions): Promise<Map<string, T>>;

  /** Stores all or, where a key or value is bad, rejects and stores none. The keys that could not be stored. */
  setMany(entries: Entries, options?: Expiry): Promise<string[]>;

  /** Whether the key is there. */
  has(key: string, options?: VersionOptions): Promise<boolean>;

  /** Removes the entry; whether it was there. */
  delete(key: string, options?: VersionOptions): Promise<boolean>;

  /** Removes the entries; how many were there. */
  deleteMany(keys: Iterable<string>, options?: VersionOptions): Promise<number>;

  /** Gives the entry a new ttl (the cache's own where none is named); whether it was there. */
  touch(key: string, ttl?: Ttl, options?: VersionOptions): Promise<boolean>;

  /**
   * Adds `delta` to a number, atomically, and keeps its expiry. The new number.
   *
   * @throws KeyNotFoundError if the key is missing.
   * @throws TypeError if the value is not a number, or `delta` not a finite one.
   */
  incr(key: string, delta?: number, options?: VersionOptions): Promise<number>;

  /** The same with `-delta`. */
  decr(key: string, delta?: number, options?: VersionOptions): Promise<number>;

  /**
   * Moves the entry to version + `delta`, in the place of what was there; its remaining ttl goes along. The new version.
   *
   * @throws KeyNotFoundError if the key is missing.
   */
  incrVersion(key: string, delta?: number, options?: VersionOptions): Promise<number>;

  /** The same with `-delta`. */
  decrVersion(key: string, delta?: number, options?: VersionOptions): Promise<number>;

  /** Empties this cache: all under its `keyPrefix` where it has one, else the whole location. */
  clear(): Promise<void>;

  /**
   * Deletes every entry that was stored with this tag under the cache's `keyPrefix`, stale ones, too: in one step,
   * however many they are. What is stored with it afterwards is not affected.
   */
  deleteTag(tag: string): Promise<void>;

  /** The same for each of them. */
  deleteTags(tags: Iterable<string>): Promise<void>;

  /**
   * A function like `fn` that answers through {@link getOrSet}.
   *
   * @throws TypeError at once if `fn` is not a function, `key` neither a string nor a function, or if there is neither a
   * `key` nor a name of which to make one; when it is called, if there is no `key` and an argument is not plain data.
   */
  wrap<A extends unknown[], R, This = unknown>(
    fn: (this: This, ...args: A) => R,
    options?: WrapOptions<A, This>,
  ): Wrapped<A, R, This>;

  stats(): Promise<CacheStats>;

  /** Lets go of all that the cache holds. Safe twice; any later call is a `CacheClosedError`. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A cache in the memory of this machine: every method also comes without a promise. This is the fast path. */
export interface SyncCache extends Cache {
  getSync<T = unknown>(key: string, options?: VersionOptions): T | undefined;
  getSync<T = unknown>(key: string, options: GetOptions<null> & { default: null }): T | null;
  getSync<T = unknown, D = T>(key: string, options: GetOptions<D> & { default: D }): T | D;
  setSync(key: string, value: unknown, options?: Expiry): void;
  addSync(key: string, value: unknown, options?: Expiry): boolean;
  /** With a factory that returns its value, not a promise of one; so it knows neither `timeout` nor `signal`. */
  getOrSetSync<T>(
    key: string,
    valueOrFactory: Data<T> | ((context: LoadContext) => T),
    options?: LoadedEntryOptions | Ttl,
  ): T;
  getOrSetSync<T>(
    key: string,
    valueOrFactory: T | ((context: LoadContext) => T),
    options?: LoadedEntryOptions | Ttl,
  ): T;
  /** With a loader that returns the values, not a promise of them. */
  getOrSetManySync<T>(
    keys: Iterable<string>,
    loadMissing: (missing: string[], context: LoadContext) => LoadedMany<T>,
    options?: LoadedEntryOptions | Ttl,
  ): Map<string, T>;
  getManySync<T = unknown>(keys: Iterable<string>, options?: VersionOptions): Map<string, T>;
  setManySync(entries: Entries, options?: Expiry): string[];
  hasSync(key: string, options?: VersionOptions): boolean;
  deleteSync(key: string, options?: VersionOptions): boolean;
  deleteManySync(keys: Iterable<string>, options?: VersionOptions): number;
  touchSync(key: string, ttl?: Ttl, options?: VersionOptions): boolean;
  incrSync(key: string, delta?: number, options?: VersionOptions): number;
  decrSync(key: string, delta?: number, options?: VersionOptions): number;
  incrVersionSync(key: string, delta?: number, options?: VersionOptions): number;
  decrVersionSync(key: string, delta?: number, options?: VersionOptions): number;
  clearSync(): void;
  deleteTagSync(tag: string): void;
  deleteTagsSync(tags: Iterable<string>): void;
  statsSync(): CacheStats;
  closeSync(): void;
}

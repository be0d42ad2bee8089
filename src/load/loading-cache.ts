import type {
  LoadContext,
  LoadedMany,
  LoadMissing,
  SyncCache,
  ValueOrFactory,
  WrapOptions,
  Wrapped,
} from '../core/cache.js';
import type { CacheSettings } from '../core/cache-options.js';
import { LOAD_OPTIONS, LOADED_ENTRY_OPTIONS, type LoadedEntryOptions, type LoadOptions } from '../core/call-options.js';
import { uniqueKeys } from '../core/call-reader.js';
import type { Address } from '../core/engine.js';
import { InProcessCache } from '../core/in-process-cache.js';
import { checkKey } from '../core/keys.js';
import type { Ttl } from '../core/ttl.js';
import { BatchLoader, checkLoader, filled, type LoadedEntry } from './batch-loader.js';
import type { Flights } from './flights.js';
import { checkNotAborted } from './leaving.js';
import { type LoadTerms, readLoadTerms, ttlOf } from './load-terms.js';
import { type Factory, keepIfItFits, type Load, Loader, type LoadingPlace } from './loader.js';
import { type WrappingCache, wrapFunction } from './wrap.js';

/** Loading through an in-process cache: `getOrSet` and `wrap`, one run of a factory at a time. */
export abstract class LoadingCache extends InProcessCache implements SyncCache {
  readonly #loader: Loader;
  readonly #batchLoader: BatchLoader;
  /** The runs under way, shared by all caches that share their entries. */
  protected abstract readonly flights: Flights;
  /** Writes what a run has made, if anybody still has the place open. @throws ValueTooLargeError */
  protected abstract writeLoaded(key: string, sealed: unknown, ttl: number, version: number): void;

  protected constructor(settings: CacheSettings) {
    super(settings);
    const flightsHere = () => this.flights;
    const place: LoadingPlace = {
      get flights() {
        return flightsHere();
      },
      keyPrefix: settings.keyPrefix,
      seal: (value) => this.seal(value),
      unseal: (sealed) => this.unseal(sealed),
    };
    this.#loader = new Loader(place);
    this.#batchLoader = new BatchLoader(place);
  }

  getOrSet<T>(key: string, valueOrFactory: ValueOrFactory<T>, options?: LoadOptions | Ttl): Promise<T> {
    try {
      const version = this.entryVersion('getOrSet', options, LOAD_OPTIONS);
      const ttl = this.entryTtl(options);
      const terms = readLoadTerms(options);
      checkNotAborted(terms.signal);
      const held = this.read(key, version);
      if (held !== undefined) return Promise.resolve(held as T);
      return typeof valueOrFactory === 'function'
        ? (this.#loader.load(this.#loadOf(key, valueOrFactory as Factory, ttl, version, terms)) as Promise<T>)
        : Promise.resolve(this.#keep(key, valueOrFactory, ttlOf(valueOrFactory, ttl, terms), version) as T);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  getOrSetSync<T>(
    key: string,
    valueOrFactory: T | ((context: LoadContext) => T),
    options?: LoadedEntryOptions | Ttl,
  ): T {
    const version = this.entryVersion('getOrSetSync', options, LOADED_ENTRY_OPTIONS);
    const ttl = this.entryTtl(options);
    const terms = readLoadTerms(options);
    const held = this.read(key, version);
    if (held !== undefined) return held as T;
    return (
      typeof valueOrFactory === 'function'
        ? this.#loader.loadSync(this.#loadOf(key, valueOrFactory as Factory, ttl, version, terms))
        : this.#keep(key, valueOrFactory, ttlOf(valueOrFactory, ttl, terms), version)
    ) as T;
  }

  async getOrSetMany<T>(
    keys: Iterable<string>,
    loadMissing: LoadMissing<T>,
    options?: LoadOptions | Ttl,
  ): Promise<Map<string, T>> {
    const version = this.entryVersion('getOrSetMany', options, LOAD_OPTIONS);
    const ttl = this.entryTtl(options);
    const terms = readLoadTerms(options);
    checkNotAborted(terms.signal);
    const { values, wanted } = this.#readMany('getOrSetMany', keys, loadMissing, version);
    if (wanted.length === 0) return values as Map<string, T>;
    const batch = { wanted, loadMissing, ttl, terms, store: this.#storeMany };
    return filled<T>(values, await this.#batchLoader.load(batch));
  }

  getOrSetManySync<T>(
    keys: Iterable<string>,
    loadMissing: (missing: string[], context: LoadContext) => LoadedMany<T>,
    options?: LoadedEntryOptions | Ttl,
  ): Map<string, T> {
    const version = this.entryVersion('getOrSetManySync', options, LOADED_ENTRY_OPTIONS);
    const ttl = this.entryTtl(options);
    const terms = readLoadTerms(options);
    const { values, wanted } = this.#readMany('getOrSetManySync', keys, loadMissing, version);
    if (wanted.length === 0) return values as Map<string, T>;
    const batch = { wanted, loadMissing, ttl, terms, store: this.#storeMany };
    return filled<T>(values, this.#batchLoader.loadSync(batch));
  }

  wrap<A extends unknown[], R, This = unknown>(
    fn: (this: This, ...args: A) => R,
    options: WrapOptions<A, This> = {},
  ): Wrapped<A, R, This> {
    const check = (loadOptions: LoadOptions) => {
      this.entryVersion('wrap', loadOptions, LOAD_OPTIONS);
      this.entryTtl(loadOptions);
      readLoadTerms(loadOptions);
    };
    const cache: WrappingCache = {
      getOrSet: (...call) => this.getOrSet(...call),
      delete: (...call) => this.delete(...call),
      check,
      reload: (...call) => this.#reload(...call),
    };
    return wrapFunction(cache, fn, options);
  }

  protected override changed(key: string, version: number): void {
    if (this.flights.size > 0) this.flights.overrule(this.flightName(key, version));
  }

  /** What a run is called: entries that are one to the backend have one name. A version is a number: no two clash. */
  protected flightName(key: string, version: number): string {
    return `${version}:${key}`;
  }

  async #reload(key: string, factory: Factory, options: LoadOptions): Promise<unknown> {
    const terms = readLoadTerms(options);
    checkNotAborted(terms.signal);
    this.checkOpen();
    checkKey(key);
    const version = this.entryVersion('wrap', options, LOAD_OPTIONS);
    return this.#loader.reload(this.#loadOf(key, factory, this.entryTtl(options), version, terms));
  }

  #loadOf(key: string, factory: Factory, ttl: number, version: number, terms: LoadTerms): Load {
    return {
      name: this.flightName(key, version),
      key,
      factory,
      ttl,
      terms,
      store: (sealed, storedTtl) => this.writeLoaded(key, sealed, storedTtl, version),
    };
  }

  /** What is there, with `undefined` in the place of what is not and is wanted. */
  #readMany(call: string, keys: Iterable<string>, loadMissing: unknown, version: number) {
    checkLoader(call, loadMissing);
    this.checkOpen();
    const values = new Map<string, unknown>();
    const wanted: Address[] = [];
    for (const key of uniqueKeys(call, keys)) {
      const value = this.read(key, version);
      values.set(key, value);
      if (value === undefined) wanted.push({ key, version, name: this.flightName(key, version) });
    }
    return { values, wanted };
  }

  readonly #storeMany = (made: readonly LoadedEntry[]): void => {
    for (const { at, sealed, ttl } of made) {
      keepIfItFits(() => this.writeLoaded(at.key, sealed, ttl, at.version));
    }
  };

  #keep(key: string, value: unknown, ttl: number, version: number): unknown {
    const sealed = this.sealed(value);
    this.write(key, sealed, ttl, version);
    this.changed(key, version);
    return this.unseal(sealed);
  }
}

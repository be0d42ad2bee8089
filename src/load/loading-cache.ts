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
import type { StandardSchema } from '../core/standard-schema.js';
import type { Ttl } from '../core/ttl.js';
import { BatchLoader, checkLoader, filled, type LoadedEntry } from './batch-loader.js';
import type { Flights } from './flights.js';
import { checkNotAborted, unlessAborted } from './leaving.js';
import { type LoadTerms, PLAIN, readLoadTerms, ttlOf } from './load-terms.js';
import { type Factory, keepIfItFits, type Load, Loader, type LoadingPlace } from './loader.js';
import { accepts, acceptsNow, refusedKeys, refusedKeysNow } from './schema-check.js';
import { type WrappingCache, wrapFunction } from './wrap.js';

/** Loading through an in-process cache: `getOrSet` and `wrap`, one run of a factory at a time. */
export abstract class LoadingCache extends InProcessCache implements SyncCache {
  readonly #loader: Loader;
  readonly #batchLoader: BatchLoader;
  /** The runs under way, shared by all caches that share their entries. */
  protected abstract readonly flights: Flights;
  /** Whether what is read may have been written by another program: then a call's schema is asked. */
  protected readonly readsFromOutside: boolean = false;
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

  // Where no options are given none are looked for: 6 ns of 70.
  getOrSet<T>(key: string, valueOrFactory: ValueOrFactory<T>, options?: LoadOptions | Ttl): Promise<T> {
    try {
      if (typeof options === 'object' && options !== null) {
        return this.#getOrSet(key, valueOrFactory, options) as Promise<T>;
      }
      const { version } = this.settings;
      const ttl = this.ttlOf(options);
      const held = this.read(key, version);
      if (held !== undefined) return Promise.resolve(held as T);
      return this.#make(key, valueOrFactory, ttl, version, PLAIN) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #getOrSet(key: string, valueOrFactory: unknown, options: LoadOptions): Promise<unknown> {
    const version = this.entryVersion('getOrSet', options, LOAD_OPTIONS);
    const ttl = this.entryTtl(options);
    const terms = readLoadTerms(options);
    checkNotAborted(terms.signal);
    const held = this.read(key, version);
    if (held === undefined) return this.#make(key, valueOrFactory, ttl, version, terms);
    if (!this.#asksSchema(terms)) return Promise.resolve(held);
    return this.#heldOrMade(held, key, valueOrFactory, ttl, version, terms);
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
    if (held !== undefined) {
      if (!this.#asksSchema(terms) || acceptsNow(terms.schema, held)) return held as T;
      this.noteInvalid();
    }
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
    const values = this.#readMany('getOrSetMany', keys, loadMissing, version);
    if (this.#asksSchema(terms)) this.#refuse(values, await refusedKeys(terms.schema, values));
    const wanted = this.#missingOf(values, version);
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
    const values = this.#readMany('getOrSetManySync', keys, loadMissing, version);
    if (this.#asksSchema(terms)) this.#refuse(values, refusedKeysNow(terms.schema, values));
    const wanted = this.#missingOf(values, version);
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

  /** What was read and counted as a hit is none: the call's schema refuses it. */
  protected noteInvalid(): void {}

  protected override changed(key: string, version: number): void {
    if (this.flights.size > 0) this.flights.overrule(this.flightName(key, version));
  }

  /** What a run is called: entries that are one to the backend have one name. A version is a number: no two clash. */
  protected flightName(key: string, version: number): string {
    return `${version}:${key}`;
  }

  #make(key: string, valueOrFactory: unknown, ttl: number, version: number, terms: LoadTerms): Promise<unknown> {
    return typeof valueOrFactory === 'function'
      ? this.#loader.load(this.#loadOf(key, valueOrFactory as Factory, ttl, version, terms))
      : Promise.resolve(this.#keep(key, valueOrFactory, ttlOf(valueOrFactory, ttl, terms), version));
  }

  /** What is held, if the schema takes it; else what is made in its place. */
  async #heldOrMade(
    held: unknown,
    key: string,
    valueOrFactory: unknown,
    ttl: number,
    version: number,
    terms: LoadTerms & { schema: StandardSchema },
  ): Promise<unknown> {
    const { schema, signal } = terms;
    const verdict = accepts(schema, held);
    const isLater = typeof verdict !== 'boolean';
    if (isLater ? await (signal === undefined ? verdict : unlessAborted(verdict, signal)) : verdict) return held;
    this.noteInvalid();
    return this.#make(key, valueOrFactory, ttl, version, terms);
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

  /** What is there, with `undefined` in the place of what is not. */
  #readMany(call: string, keys: Iterable<string>, loadMissing: unknown, version: number): Map<string, unknown> {
    checkLoader(call, loadMissing);
    this.checkOpen();
    return new Map(Array.from(uniqueKeys(call, keys), (key) => [key, this.read(key, version)]));
  }

  #missingOf(values: ReadonlyMap<string, unknown>, version: number): Address[] {
    const missing = [...values.keys()].filter((key) => values.get(key) === undefined);
    return missing.map((key) => ({ key, version, name: this.flightName(key, version) }));
  }

  #asksSchema(terms: LoadTerms): terms is LoadTerms & { schema: StandardSchema } {
    return terms.schema !== undefined && this.readsFromOutside;
  }

  #refuse(values: Map<string, unknown>, keys: readonly string[]): void {
    for (const key of keys) {
      values.set(key, undefined);
      this.noteInvalid();
    }
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

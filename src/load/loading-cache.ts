import type {
  Data,
  DataOrFactory,
  LoadContext,
  LoadedMany,
  LoadMissing,
  SyncCache,
  ValueOrFactory,
  WrapOptions,
  Wrapped,
} from '../core/cache.js';
import type { CacheSettings } from '../core/cache-options.js';
import {
  LOAD_MANY_OPTIONS,
  LOAD_OPTIONS,
  LOADED_ENTRY_OPTIONS,
  type LoadedEntryOptions,
  type LoadManyOptions,
  type LoadOptions,
  namesTtlAlone,
} from '../core/call-options.js';
import { uniqueKeys } from '../core/call-reader.js';
import { type Operation, set } from '../core/diagnostics.js';
import type { Address } from '../core/engine.js';
import type { EntryExtras, Fence, Lease, Recalled } from '../core/entry-extras.js';
import { CacheClosedError, CacheUnavailableError } from '../core/errors.js';
import { InProcessCache } from '../core/in-process-cache.js';
import { checkKey } from '../core/keys.js';
import type { StandardSchema } from '../core/standard-schema.js';
import type { Ttl } from '../core/ttl.js';
import { BatchLoader, checkLoader, filled } from './batch-loader.js';
import type { Flights } from './flights.js';
import { checkNotAborted, unlessAborted } from './leaving.js';
import { extrasOf, type LoadTerms, PLAIN, readLoadTerms, ttlOf } from './load-terms.js';
import { type Factory, keepIfItFits, type Load, Loader } from './loader.js';
import type { LoadedEntry, LoadingPlace } from './loading-place.js';
import { accepts, acceptsNow, refusedKeys, refusedKeysNow } from './schema-check.js';
import { wrapFunction } from './wrap.js';

/** The terms of a call whose schema is asked. */
type Checked = LoadTerms & { schema: StandardSchema };

/** Loading through an in-process cache: `getOrSet` and `wrap`, one run of a factory at a time. */
export abstract class LoadingCache extends InProcessCache implements SyncCache {
  readonly #loader: Loader;
  readonly #batchLoader: BatchLoader;
  /** The runs under way, shared by all caches that share their entries. */
  protected abstract readonly flights: Flights;
  /** Whether what is read may have been written by another program: then a call's schema is asked. */
  protected readonly readsFromOutside: boolean = false;
  /** Writes what a run has made, if anybody still has the place open, and its fence holds; whether it did. @throws ValueTooLargeError */
  protected abstract writeLoaded(
    key: string,
    sealed: unknown,
    ttl: number,
    version: number,
    extras?: EntryExtras,
    fence?: Fence,
  ): boolean;
  /** What a run that begins now notes, where other processes may change the entry. @param _overrules their runs, too. */
  protected fence(_key: string, _version: number, _overrules: boolean): Fence | undefined {
    return undefined;
  }

  /** `renew`, by a run, if its fence holds. */
  protected renewByRun(key: string, ttl: number, staleFor: number, version: number, _fence?: Fence): boolean {
    return this.renew(key, ttl, staleFor, version);
  }

  /** `remove`, by a run, if its fence holds. */
  protected removeByRun(key: string, version: number, _fence?: Fence): boolean {
    return this.remove(key, version);
  }

  /** Takes the lease of an entry's load, if no other process has it; `null` where there are no other processes. */
  protected takeLease(_key: string, _version: number): Lease | null | undefined {
    return null;
  }

  /** What `recall` finds, counted as nothing: for who has counted a read, or waits for a lease and looks time and again. */
  protected lookAgain(_key: string, _version: number): Recalled | undefined {
    return undefined;
  }

  protected constructor(settings: CacheSettings) {
    super(settings);
    const flightsHere = () => this.flights;
    const place: LoadingPlace = {
      get flights() {
        return flightsHere();
      },
      keyPrefix: settings.keyPrefix,
      eventOf: (operation) => this.eventOf(operation),
      seal: (value) => this.seal(value),
      unseal: (sealed) => this.unseal(sealed),
      fence: (at, overrules) => this.#fence(at, overrules),
      store: (at, sealed, ttl, extras, fence) => this.#storeLoaded('getOrSet', at, sealed, ttl, extras, fence),
      storeMany: (made, extras) => this.#storeMany(made, extras),
      renew: (at, ttl, staleFor, fence) =>
        unlessGone<boolean | undefined>(() => this.renewByRun(at.key, ttl, staleFor, at.version, fence), undefined),
      drop: (at, fence) =>
        unlessGone<boolean | undefined>(() => this.removeByRun(at.key, at.version, fence), undefined),
      takeLease: (at) => this.#takeLease(at),
      look: (at) => unlessGone(() => this.lookAgain(at.key, at.version), undefined),
    };
    this.#loader = new Loader(place);
    this.#batchLoader = new BatchLoader(place);
  }

  // Where no options are given none are looked for: 6 ns of 70.
  getOrSet<T>(key: string, valueOrFactory: DataOrFactory<T>, options?: LoadOptions | Ttl): Promise<T>;
  getOrSet<T>(key: string, valueOrFactory: ValueOrFactory<T>, options?: LoadOptions | Ttl): Promise<T>;
  getOrSet<T>(key: string, valueOrFactory: ValueOrFactory<T>, options?: LoadOptions | Ttl): Promise<T> {
    try {
      if (typeof options === 'object' && options !== null && !namesTtlAlone(options)) {
        return this.#getOrSet(key, valueOrFactory, options) as Promise<T>;
      }
      const { version } = this.settings;
      const ttl = this.entryTtl(options);
      const held = this.readTold('getOrSet', key, version);
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
    if (terms.recalls && typeof valueOrFactory === 'function') {
      return this.#recallOrMake(key, valueOrFactory as Factory, ttl, version, terms);
    }
    if (!this.#asksSchema(terms)) {
      const held = this.readTold('getOrSet', key, version);
      return held === undefined ? this.#make(key, valueOrFactory, ttl, version, terms) : Promise.resolve(held);
    }
    const held = this.read(key, version);
    if (held === undefined) {
      this.tellRead('getOrSet', key, version, false);
      return this.#make(key, valueOrFactory, ttl, version, terms);
    }
    return this.#heldOrMade(held, key, valueOrFactory, ttl, version, terms);
  }

  #recallOrMake(key: string, factory: Factory, ttl: number, version: number, terms: LoadTerms): Promise<unknown> {
    const load = () => this.#loadOf(key, factory, ttl, version, terms);
    if (this.#asksSchema(terms)) return this.#recallValid(load(), terms);
    if (terms.earlyRefresh > 0) {
      const found = this.recall(key, version);
      this.tellRead('getOrSet', key, version, found !== undefined && found.left > 0);
      return this.#loader.answer(load(), found);
    }
    // What is fresh is answered by a plain read, which costs a quarter, and may find it near: no more need be known.
    const held = this.readTold('getOrSet', key, version);
    if (held !== undefined) return Promise.resolve(held);
    return this.#loader.answer(load(), this.lookAgain(key, version));
  }

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
  getOrSetSync<T>(
    key: string,
    valueOrFactory: T | ((context: LoadContext) => T),
    options?: LoadedEntryOptions | Ttl,
  ): T {
    const version = this.entryVersion('getOrSetSync', options, LOADED_ENTRY_OPTIONS);
    const ttl = this.entryTtl(options);
    const terms = readLoadTerms(options);
    const held = this.read(key, version);
    const isHit = held !== undefined && (!this.#asksSchema(terms) || acceptsNow(terms.schema, held));
    this.tellRead('getOrSet', key, version, isHit);
    if (isHit) return held as T;
    if (held !== undefined) this.noteInvalid(true);
    return (
      typeof valueOrFactory === 'function'
        ? this.#loader.loadSync(this.#loadOf(key, valueOrFactory as Factory, ttl, version, terms))
        : this.#keep(key, valueOrFactory, ttl, version, terms)
    ) as T;
  }

  async getOrSetMany<T>(
    keys: Iterable<string>,
    loadMissing: LoadMissing<T>,
    options?: LoadManyOptions | Ttl,
  ): Promise<Map<string, T>> {
    const version = this.entryVersion('getOrSetMany', options, LOAD_MANY_OPTIONS);
    const ttl = this.entryTtl(options);
    const terms = readLoadTerms(options);
    checkNotAborted(terms.signal);
    const values = this.#readMany('getOrSetMany', keys, loadMissing, version);
    if (this.#asksSchema(terms)) this.#refuse(values, await refusedKeys(terms.schema, values));
    const wanted = this.#missingOf(values, version);
    if (wanted.length === 0) return values as Map<string, T>;
    return filled<T>(values, await this.#batchLoader.load({ wanted, loadMissing, ttl, terms }));
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
    return filled<T>(values, this.#batchLoader.loadSync({ wanted, loadMissing, ttl, terms }));
  }

  wrap<A extends unknown[], R, This = unknown>(
    fn: (this: This, ...args: A) => R,
    options: WrapOptions<A, This> = {},
  ): Wrapped<A, R, This> {
    const check = (loadOptions: LoadOptions) => this.checkEntryOptions('wrap', loadOptions, LOAD_OPTIONS);
    return wrapFunction(this, check, (...call) => this.#reload(...call), fn, options);
  }

  /** The call's schema refuses what was read. @param _isHit whether it was counted as a hit, which it is not. */
  protected noteInvalid(_isHit: boolean): void {}

  protected override changed(key: string, version: number): void {
    if (!this.flights.isIdle) this.flights.overrule(this.flightName(key, version));
  }

  protected override tagsChanged(tags: readonly string[]): void {
    this.flights.overruleTagged(this.settings.keyPrefix, tags);
  }

  /** What a run is called: entries that are one to the backend have one name. A version is a number: no two clash. */
  protected flightName(key: string, version: number): string {
    return `${version}:${key}`;
  }

  #make(key: string, valueOrFactory: unknown, ttl: number, version: number, terms: LoadTerms): Promise<unknown> {
    return typeof valueOrFactory === 'function'
      ? this.#loader.load(this.#loadOf(key, valueOrFactory as Factory, ttl, version, terms))
      : Promise.resolve(this.#keep(key, valueOrFactory, ttl, version, terms));
  }

  /** What is held, if the schema takes it; else what is made in its place. */
  async #heldOrMade(
    held: unknown,
    key: string,
    valueOrFactory: unknown,
    ttl: number,
    version: number,
    terms: Checked,
  ): Promise<unknown> {
    const verdict = accepts(terms.schema, held);
    const isValid = typeof verdict === 'boolean' ? verdict : await orLeft(verdict, terms.signal);
    this.tellRead('getOrSet', key, version, isValid);
    if (isValid) return held;
    this.noteInvalid(true);
    return this.#make(key, valueOrFactory, ttl, version, terms);
  }

  /** The answer by what is there, stale or not, if the schema takes it. Where that takes time, by what is there then. */
  async #recallValid(load: Load, { schema, signal }: Checked): Promise<unknown> {
    const { key, version, name } = load.at;
    const { reads } = this.flights;
    for (;;) {
      const found = this.recall(key, version);
      if (found === undefined) {
        this.tellRead('getOrSet', key, version, false);
        return this.#loader.load(load);
      }
      let isValid = accepts(schema, found.value);
      if (typeof isValid !== 'boolean') {
        const watch = reads.begin(name);
        try {
          isValid = await orLeft(isValid, signal);
        } finally {
          reads.end(name, watch);
        }
        if (watch.isOverruled) continue;
      }
      this.tellRead('getOrSet', key, version, isValid && found.left > 0);
      if (isValid) return this.#loader.answer(load, found);
      this.noteInvalid(found.left > 0);
      return this.#loader.load(load);
    }
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
    const at: Address = { key, version, name: this.flightName(key, version) };
    return { at, factory, ttl, terms };
  }

  /** What is there, with `undefined` in the place of what is not. */
  #readMany(call: string, keys: Iterable<string>, loadMissing: unknown, version: number): Map<string, unknown> {
    checkLoader(call, loadMissing);
    this.checkOpen();
    return new Map(Array.from(uniqueKeys(call, keys), (key) => [key, this.read(key, version)]));
  }

  /** What is there no more, or never was; and who listens is told of all. */
  #missingOf(values: ReadonlyMap<string, unknown>, version: number): Address[] {
    const missing: Address[] = [];
    for (const [key, value] of values) {
      this.tellRead('getOrSetMany', key, version, value !== undefined);
      if (value === undefined) missing.push({ key, version, name: this.flightName(key, version) });
    }
    return missing;
  }

  #asksSchema(terms: LoadTerms): terms is Checked {
    return terms.schema !== undefined && this.readsFromOutside;
  }

  #refuse(values: Map<string, unknown>, keys: readonly string[]): void {
    for (const key of keys) {
      values.set(key, undefined);
      this.noteInvalid(true);
    }
  }

  #storeMany(made: readonly LoadedEntry[], extras: EntryExtras | undefined): void {
    for (const { at, sealed, ttl, fence } of made) {
      keepIfItFits(() => this.#storeLoaded('getOrSetMany', at, sealed, ttl, extras, fence));
    }
  }

  #storeLoaded(
    operation: Operation,
    { key, version }: Address,
    sealed: unknown,
    ttl: number,
    extras: EntryExtras | undefined,
    fence: Fence | undefined,
  ): void {
    const isStored = this.writeLoaded(key, sealed, ttl, version, extras, fence);
    if (isStored && set.hasSubscribers) this.tellSet(operation, key, version, ttl);
  }

  /** No closure: every load passes here. */
  #takeLease({ key, version }: Address): Lease | null | undefined {
    try {
      return this.takeLease(key, version);
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  #fence({ key, version }: Address, overrules: boolean): Fence | undefined {
    try {
      return this.fence(key, version, overrules);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  #keep(key: string, value: unknown, ttl: number, version: number, terms: LoadTerms): unknown {
    const sealed = this.sealed(value);
    const storedTtl = ttlOf(value, ttl, terms);
    this.write(key, sealed, storedTtl, version, extrasOf(terms, 0));
    this.changed(key, version);
    if (set.hasSubscribers) this.tellSet('getOrSet', key, version, storedTtl);
    return this.unseal(sealed);
  }
}

/** What it comes to; `fallback` where the cache is closed, or behind a process that is stopped. */
function unlessGone<T>(operation: () => T, fallback: T): T {
  try {
    return operation();
  } catch (error) {
    if (isGone(error)) return fallback;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof CacheClosedError || error instanceof CacheUnavailableError;
}

function orLeft<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return signal === undefined ? promise : unlessAborted(promise, signal);
}

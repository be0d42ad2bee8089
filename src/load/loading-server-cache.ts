import type { Cache, LoadMissing, ValueOrFactory, WrapOptions, Wrapped } from '../core/cache.js';
import type { CacheSettings } from '../core/cache-options.js';
import { LOAD_OPTIONS, type LoadOptions } from '../core/call-options.js';
import type { Address, Engine, FarEngine, NewEntry } from '../core/engine.js';
import { CacheUnavailableError } from '../core/errors.js';
import { ServerCache } from '../core/server-cache.js';
import type { StandardSchema } from '../core/standard-schema.js';
import type { Ttl } from '../core/ttl.js';
import { type BatchFactory, BatchLoader, checkLoader, type LoadedEntry } from './batch-loader.js';
import type { Flights } from './flights.js';
import { checkNotAborted, unlessAborted } from './leaving.js';
import { type LoadTerms, readLoadTerms, ttlOf } from './load-terms.js';
import { type Factory, keepIfItFits, type Load, Loader, type LoadingPlace } from './loader.js';
import { accepts, refusedKeys } from './schema-check.js';
import { type WrappingCache, wrapFunction } from './wrap.js';

/** An engine whose caches in this process share their runs. */
export interface LoadingEngine extends Engine {
  /** The runs under way, shared by all caches of this process that share their entries. */
  readonly flights: Flights;
  /** Writes what a run has made, if any cache of this process still has the place open. @throws ValueTooLargeError */
  writeLoaded(at: Address, sealed: unknown, ttl: number): Promise<void>;
}

/** An engine of a cache that another can be put in front of. */
export type FarLoadingEngine = LoadingEngine & FarEngine;

/** Loading through a cache on a server: `getOrSet` and `wrap`, one run of a factory at a time in this process. */
export abstract class LoadingServerCache extends ServerCache implements Cache {
  declare protected readonly engine: LoadingEngine;
  readonly #loader: Loader;
  readonly #batchLoader: BatchLoader;

  protected constructor(settings: CacheSettings, engine: LoadingEngine, failsOpen: boolean) {
    super(settings, engine, failsOpen);
    const place: LoadingPlace = {
      flights: engine.flights,
      keyPrefix: settings.keyPrefix,
      seal: (value) => engine.seal(value),
      unseal: (sealed) => engine.unseal(sealed),
    };
    this.#loader = new Loader(place);
    this.#batchLoader = new BatchLoader(place);
  }

  // Not async, nor is a hit looked at by more functions than it takes: each has a promise of its own.
  getOrSet<T>(key: string, valueOrFactory: ValueOrFactory<T>, options?: LoadOptions | Ttl): Promise<T> {
    try {
      const at = this.address(key, this.entryVersion('getOrSet', options, LOAD_OPTIONS));
      const ttl = this.entryTtl(options);
      const terms = readLoadTerms(options);
      const { signal } = terms;
      checkNotAborted(signal);
      // Here and now: after the read it could no more be told who asks.
      if (typeof valueOrFactory === 'function') this.engine.flights.checkNotStarting(at.name, key);
      const answer =
        typeof valueOrFactory === 'function'
          ? this.#readOrLoad(at, valueOrFactory as Factory, ttl, terms)
          : this.#readOrWrite(at, this.sealed(valueOrFactory), ttlOf(valueOrFactory, ttl, terms), terms);
      return (signal === undefined ? answer : unlessAborted(answer, signal)) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getOrSetMany<T>(
    keys: Iterable<string>,
    loadMissing: LoadMissing<T>,
    options?: LoadOptions | Ttl,
  ): Promise<Map<string, T>> {
    const version = this.entryVersion('getOrSetMany', options, LOAD_OPTIONS);
    const ttl = this.entryTtl(options);
    const terms = readLoadTerms(options);
    const { signal } = terms;
    checkLoader('getOrSetMany', loadMissing);
    const ats = this.addresses('getOrSetMany', keys, version);
    checkNotAborted(signal);
    for (const { name, key } of ats) this.engine.flights.checkNotStarting(name, key);
    const answer = this.#readOrLoadMany(ats, loadMissing, ttl, terms);
    return (signal === undefined ? answer : unlessAborted(answer, signal)) as Promise<Map<string, T>>;
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

  protected override changed(ats: readonly Address[] | undefined): void {
    const { flights } = this.engine;
    const { keyPrefix } = this.settings;
    if (ats === undefined) flights.overruleAll(keyPrefix === '' ? undefined : keyPrefix);
    else for (const { name } of ats) flights.overrule(name);
  }

  protected override stored(ats: readonly Address[] | undefined): Promise<unknown> | undefined {
    return this.engine.flights.stored(ats?.map(({ name }) => name));
  }

  /** A miss that was true when it was told: a write that came between is read in its turn. */
  async #readWatched(at: Address): Promise<unknown> {
    const { reads } = this.engine.flights;
    const watch = reads.begin(at.name);
    try {
      const held = await this.readCounted(at);
      if (held !== undefined || !watch.isOverruled) return held;
    } finally {
      reads.end(at.name, watch);
    }
    return this.#readWatched(at);
  }

  /** The same for many: what is missing, and was written meanwhile, is read again. */
  async #readManyWatched(ats: readonly Address[]): Promise<Map<string, unknown>> {
    const { reads } = this.engine.flights;
    const watches = ats.map(({ name }) => reads.begin(name));
    let held: Map<string, unknown>;
    try {
      held = await this.readManyCounted(ats);
    } finally {
      for (const [i, { name }] of ats.entries()) reads.end(name, watches[i]!);
    }
    const again = ats.filter(({ key }, i) => !held.has(key) && watches[i]!.isOverruled);
    if (again.length === 0) return held;
    return new Map([...held, ...(await this.#readManyWatched(again))]);
  }

  /** Whether the schema takes what is held; if not, it is a miss. */
  async #isValid(held: unknown, schema: StandardSchema): Promise<boolean> {
    const isValid = await accepts(schema, held);
    if (!isValid) this.countInvalid();
    return isValid;
  }

  async #readOrLoad(at: Address, factory: Factory, ttl: number, terms: LoadTerms): Promise<unknown> {
    const held = await this.#readWatched(at);
    const { schema } = terms;
    if (held !== undefined && (schema === undefined || (await this.#isValid(held, schema)))) return held;
    checkNotAborted(terms.signal);
    return this.#loader.load(this.#loadOf(at, factory, ttl, terms));
  }

  async #reload(key: string, factory: Factory, options: LoadOptions): Promise<unknown> {
    const terms = readLoadTerms(options);
    checkNotAborted(terms.signal);
    const at = this.address(key, this.entryVersion('wrap', options, LOAD_OPTIONS));
    return this.#loader.reload(this.#loadOf(at, factory, this.entryTtl(options), terms));
  }

  #loadOf(at: Address, factory: Factory, ttl: number, terms: LoadTerms): Load {
    const { name, key } = at;
    return { name, key, factory, ttl, terms, store: (...made) => this.#store(at, ...made) };
  }

  async #readOrWrite(at: Address, sealed: unknown, ttl: number, terms: LoadTerms): Promise<unknown> {
    const held = await this.#readWatched(at);
    const { schema } = terms;
    if (held !== undefined && (schema === undefined || (await this.#isValid(held, schema)))) return held;
    await this.writeCounted(at, sealed, ttl);
    return this.engine.unseal(sealed);
  }

  async #readOrLoadMany(
    ats: readonly Address[],
    loadMissing: BatchFactory,
    ttl: number,
    terms: LoadTerms,
  ): Promise<Map<string, unknown>> {
    const held = await this.#readManyWatched(ats);
    if (terms.schema !== undefined) {
      for (const key of await refusedKeys(terms.schema, held)) {
        held.delete(key);
        this.countInvalid();
      }
    }
    const wanted = ats.filter(({ key }) => !held.has(key));
    if (wanted.length === 0) return inOrder(ats, held);
    checkNotAborted(terms.signal);
    const store = (made: readonly LoadedEntry[]) => this.#storeMany(made);
    const loaded = await this.#batchLoader.load({ wanted, loadMissing, ttl, terms, store });
    return inOrder(ats, new Map([...held, ...loaded]));
  }

  /** One call for all that live equally long. After `close` each is written as a single run writes it. */
  async #storeMany(made: readonly LoadedEntry[]): Promise<void> {
    if (!this.isOpen) {
      await Promise.all(made.map(({ at, sealed, ttl }) => keepIfItFits(() => this.#store(at, sealed, ttl))));
      return;
    }
    const byTtl = new Map<number, NewEntry[]>();
    for (const entry of made) {
      const alike = byTtl.get(entry.ttl);
      if (alike === undefined) byTtl.set(entry.ttl, [entry]);
      else alike.push(entry);
    }
    const storing = [...byTtl].map(([ttl, entries]) => {
      const writing = this.writeManyCounted(entries, ttl);
      for (const { at } of entries) this.engine.flights.storing(at.name, writing);
      return writing;
    });
    await unlessUnavailable(Promise.all(storing));
  }

  async #store(at: Address, sealed: unknown, ttl: number): Promise<void> {
    const storing = this.engine.flights.storing(at.name, this.engine.writeLoaded(at, sealed, ttl));
    await unlessUnavailable(this.orElse(this.countedSet(storing), undefined));
  }
}

function inOrder(ats: readonly Address[], values: ReadonlyMap<string, unknown>): Map<string, unknown> {
  return new Map(ats.filter(({ key }) => values.has(key)).map(({ key }) => [key, values.get(key)]));
}

/** A server that is gone when values have been made is no reason to refuse them to who asked. */
async function unlessUnavailable(storing: Promise<unknown>): Promise<void> {
  try {
    await storing;
  } catch (error) {
    if (!(error instanceof CacheUnavailableError)) throw error;
  }
}

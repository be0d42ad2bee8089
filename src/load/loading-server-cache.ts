import type { Cache, DataOrFactory, LoadMissing, ValueOrFactory, WrapOptions, Wrapped } from '../core/cache.js';
import type { CacheSettings } from '../core/cache-options.js';
import { LOAD_MANY_OPTIONS, LOAD_OPTIONS, type LoadManyOptions, type LoadOptions } from '../core/call-options.js';
import type { Address, Engine, FarEngine, NewEntry } from '../core/engine.js';
import type { EntryExtras, Lease, Recalled } from '../core/entry-extras.js';
import { CacheUnavailableError } from '../core/errors.js';
import { ServerCache } from '../core/server-cache.js';
import { sealCopy, unsealCopy } from '../core/snapshot.js';
import type { StandardSchema } from '../core/standard-schema.js';
import type { Ttl } from '../core/ttl.js';
import { type BatchFactory, BatchLoader, checkLoader } from './batch-loader.js';
import type { Flights } from './flights.js';
import { checkNotAborted, unlessAborted } from './leaving.js';
import { extrasOf, type LoadTerms, readLoadTerms, ttlOf } from './load-terms.js';
import { type Factory, keepIfItFits, type Load, Loader } from './loader.js';
import type { LoadedEntry, LoadingPlace } from './loading-place.js';
import { accepts, refusedKeys } from './schema-check.js';
import { UnsentReads } from './unsent-reads.js';
import { wrapFunction } from './wrap.js';

/** An engine whose caches in this process share their runs. */
export interface LoadingEngine extends Engine {
  /** The runs under way, shared by all caches of this process that share their entries. */
  readonly flights: Flights;
  /** Writes what a run has made, if any cache of this process still has the place open. @throws ValueTooLargeError */
  writeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void>;
  /** Removes what a run has found to be no more, unless that has lost its lease. */
  removeLoaded(at: Address): Promise<unknown>;
}

/** An engine of a cache that another can be put in front of. */
export interface FarLoadingEngine extends LoadingEngine, FarEngine {
  /** As `writeLoaded`; whether it was stored, and not refused because the lease was lost. */
  storeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean>;
}

/** Loading through a cache on a server: `getOrSet` and `wrap`, one run of a factory at a time in this process. */
export abstract class LoadingServerCache extends ServerCache implements Cache {
  declare protected readonly engine: LoadingEngine;
  readonly #loader: Loader;
  readonly #batchLoader: BatchLoader;
  readonly #reads: UnsentReads<unknown>;
  readonly #recalls: UnsentReads<Recalled | undefined>;

  protected constructor(settings: CacheSettings, engine: LoadingEngine, failsOpen: boolean) {
    super(settings, engine, failsOpen);
    const place: LoadingPlace = {
      flights: engine.flights,
      keyPrefix: settings.keyPrefix,
      eventOf: (operation) => this.eventOf(operation),
      seal: (value) => engine.seal(value),
      unseal: (sealed) => engine.unseal(sealed),
      fence: () => undefined,
      store: (at, sealed, ttl, extras) => this.#store(at, sealed, ttl, extras),
      storeMany: (made, extras) => this.#storeMany(made, extras),
      renew: (at, ttl, staleFor) => this.#storing(at, () => engine.renew(at, ttl, staleFor)),
      drop: (at) => this.#storing(at, () => engine.removeLoaded(at)),
      takeLease: (at) => this.#takeLease(at),
      look: (at) => this.#ifReached(() => engine.recall(at)),
    };
    this.#loader = new Loader(place);
    this.#batchLoader = new BatchLoader(place);
    this.#reads = new UnsentReads((at) => engine.read(at), copiesOf);
    this.#recalls = new UnsentReads((at) => engine.recall(at), copiesOfRecalled);
  }

  // Not async, nor is a hit looked at by more functions than it takes: each has a promise of its own.
  getOrSet<T>(key: string, valueOrFactory: DataOrFactory<T>, options?: LoadOptions | Ttl): Promise<T>;
  getOrSet<T>(key: string, valueOrFactory: ValueOrFactory<T>, options?: LoadOptions | Ttl): Promise<T>;
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
          : this.#readOrWrite(at, valueOrFactory, ttl, terms);
      return (signal === undefined ? answer : unlessAborted(answer, signal)) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async getOrSetMany<T>(
    keys: Iterable<string>,
    loadMissing: LoadMissing<T>,
    options?: LoadManyOptions | Ttl,
  ): Promise<Map<string, T>> {
    const version = this.entryVersion('getOrSetMany', options, LOAD_MANY_OPTIONS);
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
    const check = (loadOptions: LoadOptions) => this.checkEntryOptions('wrap', loadOptions, LOAD_OPTIONS);
    return wrapFunction(this, check, (...call) => this.#reload(...call), fn, options);
  }

  protected override changed(ats: readonly Address[] | undefined): void {
    const { flights } = this.engine;
    const { keyPrefix } = this.settings;
    if (ats === undefined) flights.overruleAll(keyPrefix === '' ? undefined : keyPrefix);
    else for (const { name } of ats) flights.overrule(name);
  }

  protected override tagsChanged(tags: readonly string[]): void {
    this.engine.flights.overruleTagged(this.settings.keyPrefix, tags);
  }

  protected override stored(ats: readonly Address[] | undefined): Promise<unknown> | undefined {
    return this.engine.flights.stored(ats?.map(({ name }) => name));
  }

  /** A miss that was true when it was told: a write that came between is read in its turn. */
  async #readWatched(at: Address, isTold: boolean): Promise<unknown> {
    const near = this.near(at);
    if (near !== undefined) {
      this.countRead('getOrSet', at, true, isTold);
      return near;
    }
    const { reads } = this.engine.flights;
    const watch = reads.begin(at.name);
    try {
      let answer = this.#reads.join(watch);
      if (answer === undefined) {
        const read = this.#reads.begin(watch);
        await undefined;
        answer = read.send(at);
      }
      const held = await this.answerCounted('getOrSet', at, answer, isTold);
      if (held !== undefined || !watch.isOverruled) return held;
    } finally {
      reads.end(at.name, watch);
    }
    return this.#readWatched(at, isTold);
  }

  /** What is held and a value as the caller wants it, if he says how: what his schema refuses is a miss. */
  #readValid(at: Address, schema: StandardSchema | undefined): Promise<unknown> {
    return schema === undefined ? this.#readWatched(at, true) : this.#readAndCheck(at, schema);
  }

  async #readAndCheck(at: Address, schema: StandardSchema): Promise<unknown> {
    const held = await this.#readWatched(at, false);
    const isValid = held !== undefined && (await accepts(schema, held));
    this.tellRead('getOrSet', at, isValid);
    if (isValid) return held;
    if (held !== undefined) this.countInvalid(true);
    return undefined;
  }

  /** The same for many: what is missing, and was written meanwhile, is read again. */
  async #readManyWatched(ats: readonly Address[], isTold: boolean): Promise<Map<string, unknown>> {
    const { reads } = this.engine.flights;
    const watches = ats.map(({ name }) => reads.begin(name));
    let held: Map<string, unknown>;
    try {
      // As reads of single keys: what was asked for first is sent first.
      await undefined;
      held = await this.readManyCounted('getOrSetMany', ats, isTold);
    } finally {
      for (const [i, { name }] of ats.entries()) reads.end(name, watches[i]!);
    }
    const again = ats.filter(({ key }, i) => !held.has(key) && watches[i]!.isOverruled);
    if (again.length === 0) return held;
    return new Map([...held, ...(await this.#readManyWatched(again, isTold))]);
  }

  async #readOrLoad(at: Address, factory: Factory, ttl: number, terms: LoadTerms): Promise<unknown> {
    const load: Load = { at, factory, ttl, terms };
    const { schema, signal } = terms;
    if (terms.recalls) {
      const found = await this.#recallWatched(at, schema);
      checkNotAborted(signal);
      return this.#loader.answer(load, found);
    }
    const held = await this.#readValid(at, schema);
    if (held !== undefined) return held;
    checkNotAborted(signal);
    return this.#loader.load(load);
  }

  /** What is stale, or is to be made anew, was so when it was told: a write that came between is read in its turn. */
  async #recallWatched(at: Address, schema: StandardSchema | undefined): Promise<Recalled | undefined> {
    const { reads } = this.engine.flights;
    for (;;) {
      const watch = reads.begin(at.name);
      let found: Recalled | undefined;
      let isValid = true;
      try {
        let answer = this.#recalls.join(watch);
        if (answer === undefined) {
          const read = this.#recalls.begin(watch);
          await undefined;
          answer = read.send(at);
        }
        found = await this.orElse('getOrSet', answer, undefined);
        if (found !== undefined && schema !== undefined) isValid = await accepts(schema, found.value);
      } finally {
        reads.end(at.name, watch);
      }
      if (watch.isOverruled) continue;
      this.countRead('getOrSet', at, found !== undefined && found.left > 0 && isValid);
      if (isValid) return found;
      this.countInvalid(false);
      return undefined;
    }
  }

  async #reload(key: string, factory: Factory, options: LoadOptions): Promise<unknown> {
    const terms = readLoadTerms(options);
    checkNotAborted(terms.signal);
    const at = this.address(key, this.entryVersion('wrap', options, LOAD_OPTIONS));
    return this.#loader.reload({ at, factory, ttl: this.entryTtl(options), terms });
  }

  async #readOrWrite(at: Address, value: unknown, ttl: number, terms: LoadTerms): Promise<unknown> {
    const sealed = this.sealed(value);
    const held = await this.#readValid(at, terms.schema);
    if (held !== undefined) return held;
    await this.writeCounted('getOrSet', at, sealed, ttlOf(value, ttl, terms), extrasOf(terms, 0));
    return this.engine.unseal(sealed);
  }

  async #readOrLoadMany(
    ats: readonly Address[],
    loadMissing: BatchFactory,
    ttl: number,
    terms: LoadTerms,
  ): Promise<Map<string, unknown>> {
    const { schema } = terms;
    const held = await this.#readManyWatched(ats, schema === undefined);
    if (schema !== undefined) {
      for (const key of await refusedKeys(schema, held)) {
        held.delete(key);
        this.countInvalid(true);
      }
      for (const at of ats) this.tellRead('getOrSetMany', at, held.has(at.key));
    }
    const wanted = ats.filter(({ key }) => !held.has(key));
    if (wanted.length === 0) return inOrder(ats, held);
    checkNotAborted(terms.signal);
    const loaded = await this.#batchLoader.load({ wanted, loadMissing, ttl, terms });
    return inOrder(ats, new Map([...held, ...loaded]));
  }

  /** One call for all that live equally long. After `close` each is written as a single run writes it. */
  async #storeMany(made: readonly LoadedEntry[], extras: EntryExtras | undefined): Promise<void> {
    if (!this.isOpen) {
      await Promise.all(made.map(({ at, sealed, ttl }) => keepIfItFits(() => this.#store(at, sealed, ttl, extras))));
      return;
    }
    const byTtl = new Map<number, NewEntry[]>();
    for (const entry of made) {
      const alike = byTtl.get(entry.ttl);
      if (alike === undefined) byTtl.set(entry.ttl, [entry]);
      else alike.push(entry);
    }
    const storing = [...byTtl].map(([ttl, entries]) => {
      const writing = this.writeManyCounted('getOrSetMany', entries, ttl, extras);
      for (const { at } of entries) this.engine.flights.storing(at.name, writing);
      return writing;
    });
    await unlessUnavailable(Promise.all(storing));
  }

  /** A server that is gone when the value has been made is no reason to refuse it to who asked. */
  async #store(at: Address, sealed: unknown, ttl: number, extras: EntryExtras | undefined): Promise<void> {
    const storing = this.engine.flights.storing(at.name, this.engine.writeLoaded(at, sealed, ttl, extras));
    await unlessUnavailable(this.orElse('getOrSet', this.countedSet('getOrSet', at, ttl, storing), undefined));
  }

  /** Another change of the entry by a run: it is on its way like what a run stores. */
  #storing<T>(at: Address, change: () => Promise<T>): Promise<T | undefined> {
    return this.#ifReached(() => this.engine.flights.storing(at.name, change()));
  }

  #takeLease(at: Address): Promise<Lease | null | undefined> | null {
    const { engine } = this;
    if (engine.takeLease === undefined || !this.isOpen) return null;
    // Where there is no lease to be had the run goes on without; what it costs the caller is counted when it stores.
    return unlessUnavailable<Lease | null | undefined>(engine.takeLease(at), null);
  }

  /** What a run behind everyone's back comes to; nothing where the cache is closed, or its server gone. */
  async #ifReached<T>(operation: () => Promise<T>): Promise<T | undefined> {
    return this.isOpen ? unlessUnavailable(this.orElse<T | undefined>('getOrSet', operation(), undefined)) : undefined;
  }
}

function copiesOf(value: unknown): () => unknown {
  const sealed = sealCopy(value);
  return () => unsealCopy(sealed);
}

function copiesOfRecalled(found: Recalled | undefined): () => Recalled | undefined {
  const copy = copiesOf(found?.value);
  return () => found && { ...found, value: copy() };
}

function inOrder(ats: readonly Address[], values: ReadonlyMap<string, unknown>): Map<string, unknown> {
  return new Map(ats.filter(({ key }) => values.has(key)).map(({ key }) => [key, values.get(key)]));
}

async function unlessUnavailable<T>(operation: Promise<T>, fallback: T): Promise<T>;
async function unlessUnavailable<T>(operation: Promise<T>): Promise<T | undefined>;
async function unlessUnavailable<T>(operation: Promise<T>, fallback?: T): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (!(error instanceof CacheUnavailableError)) throw error;
    return fallback;
  }
}

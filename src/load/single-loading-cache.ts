import type { Data, DataOrFactory, LoadContext, ValueOrFactory, WrapOptions, Wrapped } from '../core/cache.js';
import type { CacheSettings } from '../core/cache-options.js';
import {
  LOAD_OPTIONS,
  LOADED_ENTRY_OPTIONS,
  type LoadedEntryOptions,
  type LoadOptions,
  namesTtlAlone,
} from '../core/call-options.js';
import { set } from '../core/diagnostics.js';
import type { Address } from '../core/engine.js';
import { checkKey } from '../core/keys.js';
import type { Ttl } from '../core/ttl.js';
import { type Checked, InProcessPlace } from './in-process-place.js';
import { checkNotAborted, unlessAborted } from './leaving.js';
import { extrasOf, type LoadTerms, PLAIN, readLoadTerms, ttlOf } from './load-terms.js';
import { type Factory, type Load, Loader } from './loader.js';
import { accepts, acceptsNow } from './schema-check.js';
import { wrapFunction } from './wrap.js';

/** Loading of one entry at a time through an in-process cache: `getOrSet` and `wrap`. */
export abstract class SingleLoadingCache extends InProcessPlace {
  readonly #loader: Loader;

  protected constructor(settings: CacheSettings) {
    super(settings);
    this.#loader = new Loader(this.place);
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
    if (!this.asksSchema(terms)) {
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
    if (this.asksSchema(terms)) return this.#recallValid(load(), terms);
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
    const isHit = held !== undefined && (!this.asksSchema(terms) || acceptsNow(terms.schema, held));
    this.tellRead('getOrSet', key, version, isHit);
    if (isHit) return held as T;
    if (held !== undefined) this.noteInvalid(true);
    return (
      typeof valueOrFactory === 'function'
        ? this.#loader.loadSync(this.#loadOf(key, valueOrFactory as Factory, ttl, version, terms))
        : this.#keep(key, valueOrFactory, ttl, version, terms)
    ) as T;
  }

  wrap<A extends unknown[], R, This = unknown>(
    fn: (this: This, ...args: A) => R,
    options: WrapOptions<A, This> = {},
  ): Wrapped<A, R, This> {
    const check = (loadOptions: LoadOptions) => this.checkEntryOptions('wrap', loadOptions, LOAD_OPTIONS);
    return wrapFunction(this, check, (...call) => this.#reload(...call), fn, options);
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

  #keep(key: string, value: unknown, ttl: number, version: number, terms: LoadTerms): unknown {
    const sealed = this.sealed(value);
    const storedTtl = ttlOf(value, ttl, terms);
    this.write(key, sealed, storedTtl, version, extrasOf(terms, 0));
    this.changed(key, version);
    if (set.hasSubscribers) this.tellSet('getOrSet', key, version, storedTtl);
    return this.unseal(sealed);
  }
}

function orLeft<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return signal === undefined ? promise : unlessAborted(promise, signal);
}

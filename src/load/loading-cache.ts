import type { LoadContext, LoadedMany, LoadMissing, SyncCache } from '../core/cache.js';
import type { CacheSettings } from '../core/cache-options.js';
import {
  LOAD_MANY_OPTIONS,
  LOADED_ENTRY_OPTIONS,
  type LoadedEntryOptions,
  type LoadManyOptions,
} from '../core/call-options.js';
import { uniqueKeys } from '../core/call-reader.js';
import type { Address } from '../core/engine.js';
import type { Ttl } from '../core/ttl.js';
import { BatchLoader, checkLoader, filled } from './batch-loader.js';
import { checkNotAborted } from './leaving.js';
import { readLoadTerms } from './load-terms.js';
import { refusedKeys, refusedKeysNow } from './schema-check.js';
import { SingleLoadingCache } from './single-loading-cache.js';

/** Loading through an in-process cache, one run of a factory at a time: of one entry, and here of many. */
export abstract class LoadingCache extends SingleLoadingCache implements SyncCache {
  readonly #batchLoader: BatchLoader;

  protected constructor(settings: CacheSettings) {
    super(settings);
    this.#batchLoader = new BatchLoader(this.place);
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
    if (this.asksSchema(terms)) this.#refuse(values, await refusedKeys(terms.schema, values));
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
    if (this.asksSchema(terms)) this.#refuse(values, refusedKeysNow(terms.schema, values));
    const wanted = this.#missingOf(values, version);
    if (wanted.length === 0) return values as Map<string, T>;
    return filled<T>(values, this.#batchLoader.loadSync({ wanted, loadMissing, ttl, terms }));
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

  #refuse(values: Map<string, unknown>, keys: readonly string[]): void {
    for (const key of keys) {
      values.set(key, undefined);
      this.noteInvalid(true);
    }
  }
}

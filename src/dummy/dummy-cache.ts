import { CACHE_OPTIONS, type CacheOptions, readCacheOptions } from '../core/cache-options.js';
import { type ClearsUnder, clearUnder } from '../core/clear-under.js';
import type { BackendName } from '../core/diagnostics.js';
import { CacheClosedError } from '../core/errors.js';
import { checkKey, storedKey, warnOfUnportableKey } from '../core/keys.js';
import { checkKnownOptions } from '../core/options.js';
import { sealCopy, unsealCopy } from '../core/snapshot.js';
import type { CacheStats } from '../core/stats.js';
import { Flights } from '../load/flights.js';
import { LoadingCache } from '../load/loading-cache.js';

/** What `new DummyCache()` takes: what every cache does. */
export type DummyCacheOptions = CacheOptions;

/**
 * Django's `DummyCache`: checks every call as the others do, and stores nothing. For development and tests: each
 * `getOrSet` loads anew (concurrent callers still share one run).
 *
 * @throws InvalidConfigError if an option is wrong or unknown.
 */
export class DummyCache extends LoadingCache implements ClearsUnder {
  protected override readonly flights = new Flights();
  #isClosed = false;
  #misses = 0;

  constructor(options: DummyCacheOptions = {}) {
    checkKnownOptions('DummyCache', options, CACHE_OPTIONS);
    super(readCacheOptions(options));
  }

  protected override get backend(): BackendName {
    return 'dummy';
  }

  statsSync(): CacheStats {
    this.checkOpen();
    return {
      hits: 0,
      misses: this.#misses,
      sets: 0,
      deletes: 0,
      evictions: 0,
      expirations: 0,
      entries: 0,
      bytes: 0,
    };
  }

  closeSync(): void {
    this.#isClosed = true;
  }

  [clearUnder](): void {
    this.removeAll();
  }

  protected override read(key: string, version: number): undefined {
    checkKey(key);
    this.#check(key, version);
    this.#misses++;
  }

  /** Nothing is stored, and so nothing told. */
  protected override tellSet(): void {}

  protected override write(key: string, _sealed: unknown, _ttl: number, version: number): void {
    this.#check(key, version);
  }

  protected override writeLoaded(): boolean {
    return false;
  }

  protected override writeNew(key: string, _sealed: unknown, _ttl: number, version: number): boolean {
    this.#check(key, version);
    return true;
  }

  protected override recall(key: string, version: number): undefined {
    this.read(key, version);
  }

  protected override renew(): boolean {
    return false;
  }

  protected override removeTags(): void {}

  protected override contains(key: string, version: number): boolean {
    return this.#isNeverThere(key, version);
  }

  protected override remove(key: string, version: number): boolean {
    return this.#isNeverThere(key, version);
  }

  protected override prolong(key: string, _ttl: number, version: number): boolean {
    return this.#isNeverThere(key, version);
  }

  protected override increase(key: string, _delta: number, version: number): undefined {
    this.#check(key, version);
  }

  protected override move(key: string, version: number, _target: number): boolean {
    return this.#isNeverThere(key, version);
  }

  protected override removeAll(): void {
    this.checkOpen();
    this.flights.overruleAll();
  }

  protected override checkEntry(key: string, _sealed: unknown, version: number): void {
    this.#check(key, version);
  }

  protected override seal(value: unknown): unknown {
    return sealCopy(value);
  }

  protected override unseal(sealed: unknown): unknown {
    return unsealCopy(sealed);
  }

  #isNeverThere(key: string, version: number): false {
    this.#check(key, version);
    return false;
  }

  #check(key: string, version: number): void {
    this.checkOpen();
    const { keyFunction, keyPrefix } = this.settings;
    warnOfUnportableKey(storedKey(keyFunction, key, keyPrefix, version), 0);
  }

  protected override checkOpen(): void {
    if (this.#isClosed) throw new CacheClosedError('This DummyCache was closed. Make a new one.');
  }
}

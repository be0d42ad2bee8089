import type { DataOrFactory, ValueOrFactory } from '../core/cache.js';
import { readCacheOptions } from '../core/cache-options.js';
import type { GetOptions, LoadOptions, VersionOptions } from '../core/call-options.js';
import { type BackendName, hit, type Operation, tell } from '../core/diagnostics.js';
import type { Address } from '../core/engine.js';
import { engineOf } from '../core/engine-caller.js';
import { settingsOf } from '../core/server-cache.js';
import type { Ttl } from '../core/ttl.js';
import type { LoadingCache } from '../load/loading-cache.js';
import { type FarLoadingEngine, LoadingServerCache } from '../load/loading-server-cache.js';
import { NearTier } from './near-tier.js';
import { TieredEngine } from './tiered-engine.js';
import { readTieredOptions, type TieredCacheOptions } from './tiered-options.js';

/**
 * Two caches as one: a near one, in the memory of this machine, before one that the fleet shares. A hit in `l1` costs what
 * it costs there; what another machine changes is told by Redis (client tracking) and dropped from `l1`, and where the
 * server tells nothing, `l1` keeps it for `l1Ttl`, one second.
 *
 * `close()` closes both.
 *
 * @throws InvalidConfigError if an option is wrong or unknown.
 */
export class TieredCache extends LoadingServerCache {
  declare protected readonly engine: TieredEngine;
  readonly #l1: LoadingCache;
  readonly #l2: LoadingServerCache;
  readonly #near: NearTier;
  /** Whether the key alone finds the entries of the default version in l1. */
  readonly #isDirect: boolean;

  constructor(options: TieredCacheOptions) {
    const settings = readTieredOptions(options);
    const { l1, l2, ttl, version } = options;
    const far = settingsOf(l2);
    const cacheSettings = readCacheOptions({
      ...far,
      ...(ttl !== undefined && { ttl }),
      ...(version !== undefined && { version }),
    });
    const near = new NearTier(l1, far);
    super(cacheSettings, new TieredEngine(near, engineOf(l2) as FarLoadingEngine, settings), settings.failOpen);
    this.#l1 = l1;
    this.#l2 = l2;
    this.#near = near;
    this.#isDirect = near.hasVersion(cacheSettings.version);
  }

  protected override get backend(): BackendName {
    return 'tiered';
  }

  override get<T = unknown>(key: string, options?: VersionOptions): Promise<T | undefined>;
  override get<T = unknown>(key: string, options: GetOptions<null> & { default: null }): Promise<T | null>;
  override get<T = unknown, D = T>(key: string, options: GetOptions<D> & { default: D }): Promise<T | D>;
  override get(key: string, options?: GetOptions<unknown>): Promise<unknown> {
    if (options === undefined) {
      const near = this.#quick('get', key);
      if (near !== undefined) return Promise.resolve(near);
    }
    return super.get(key, options as never);
  }

  override getOrSet<T>(key: string, valueOrFactory: DataOrFactory<T>, options?: LoadOptions | Ttl): Promise<T>;
  override getOrSet<T>(key: string, valueOrFactory: ValueOrFactory<T>, options?: LoadOptions | Ttl): Promise<T>;
  override getOrSet<T>(key: string, valueOrFactory: ValueOrFactory<T>, options?: LoadOptions | Ttl): Promise<T> {
    if (options === undefined) {
      const near = this.#quick('getOrSet', key);
      if (near !== undefined) return Promise.resolve(near as T);
    }
    return super.getOrSet(key, valueOrFactory, options);
  }

  override async close(): Promise<void> {
    await super.close();
    await Promise.all([this.#l1.close(), this.#l2.close()]);
  }

  protected override near(at: Address): unknown {
    return this.engine.isNearGood ? this.#near.get(at) : undefined;
  }

  /** What l1 has under this key; `undefined` where it is not asked, or not as quickly as that. */
  #quick(operation: Operation, key: string): unknown {
    if (!this.#isDirect || !this.engine.isNearGood || !this.isOpen) return undefined;
    let value: unknown;
    try {
      value = this.#l1.getSync(key);
    } catch {
      // Whatever is wrong is told by who looks more closely.
      return undefined;
    }
    if (value !== undefined) {
      this.countHit();
      if (hit.hasSubscribers) tell(hit, this.eventOf(operation), key, this.settings.version);
    }
    return value;
  }
}

import { InvalidConfigError } from '../core/errors.js';
import type { LocMemCache } from '../locmem/locmem-cache.js';
import { assembleCaches, type Caches, type CachesConfig, type Exact, makeDefaultCache } from './create-caches.js';

/**
 * The type of {@link caches}, for who configures them: declare it once, and `cache` and `caches` are typed everywhere.
 *
 * ```ts
 * declare module 'locmem' {
 *   interface ConfiguredCaches { default: LocMemCache; pages: LocMemCache }
 * }
 * ```
 */
// biome-ignore lint/suspicious/noEmptyInterface: users extend it, as shown.
export interface ConfiguredCaches {}

type Default = ConfiguredCaches extends { default: infer C } ? C : LocMemCache;

/** The caches of this process, by alias: `caches.default`, and those of {@link configureCaches}. */
export let caches: Caches<ConfiguredCaches> & { readonly default: Default } = assembleCaches(
  {},
  makeDefaultCache,
) as never;

/** The default cache of this process: a `LocMemCache` of 300 entries that live 5 minutes, unless configured otherwise. */
export let cache: Default = caches.default;

let isConfigured = false;

/**
 * Sets what `cache` and `caches` are, for the whole process. Call it once, at start-up, before they are used: who
 * holds the default cache of before keeps a working cache, but not the one configured, unless both are at one location.
 *
 * @throws InvalidConfigError if the config is wrong (see `createCaches`), or if it is the second call.
 */
export function configureCaches<const C extends CachesConfig>(config: C & Exact<C>): Caches<C> {
  if (isConfigured) {
    throw new InvalidConfigError('The caches of this process are configured already. Call configureCaches() once.');
  }
  const before: LocMemCache = caches.default;
  const configured = assembleCaches<C>(config, () => before);
  caches = configured as never;
  cache = caches.default;
  isConfigured = true;
  return configured;
}

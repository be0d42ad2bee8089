import { inspect } from 'node:util';
import type { Cache } from '../core/cache.js';
import { nameCache } from '../core/diagnostics.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { unknownName } from '../core/options.js';
import { isPlainObject } from '../core/plain.js';
import { LocMemCache } from '../locmem/locmem-cache.js';
import { BACKEND_NAMES, BACKENDS, type BackendName, type Backends, type ConfigOf } from './backends.js';
import { type BackendOfScheme, isBackend, parseCacheUrl, type Scheme } from './url.js';

/** One cache of a config: a backend with its options, a URL, or a cache that is there already. */
export type CacheConfig = ConfigOf<BackendName> | string | Cache;

/** Caches by alias. */
export type CachesConfig = Readonly<Record<string, CacheConfig>>;

type CacheOf<C> = C extends Cache
  ? C
  : C extends { backend: infer B extends BackendName }
    ? Backends[B]['cache']
    : C extends `${infer B extends BackendName}:${string}`
      ? Backends[B]['cache']
      : C extends `${infer S extends Scheme}:${string}`
        ? Backends[BackendOfScheme<S>]['cache']
        : Cache;

/** Options that the backend does not have, made an error where the config is written. */
export type Exact<C> = {
  [A in keyof C]: C[A] extends { backend: infer B extends BackendName }
    ? { [O in keyof C[A]]: O extends 'backend' | keyof Backends[B]['options'] ? C[A][O] : never }
    : C[A];
};

/** The caches of a config, by alias, and `close()` for all of them. */
export type Caches<C> = { readonly [A in keyof C]: CacheOf<C[A]> } & ('default' extends keyof C
  ? unknown
  : { readonly default: LocMemCache }) & {
    close(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
  };

/** What the object of caches has beside them, and no alias may be called. */
const RESERVED = ['close', 'then', 'toJSON', '__proto__'];
/** What printers and test runners ask any object for, beside names that begin with `@@` or `_`. */
const PROBED = ['href', '$$typeof', 'asymmetricMatch', 'toAsymmetricMatcher', 'nodeType', 'tagName'];

/**
 * Makes the caches of `config`, each alias a property of the result, and `default`, a `LocMemCache`, where it is not
 * named.
 *
 * @throws InvalidConfigError if a backend, URL or option is wrong; caches made before it are closed again. The result
 * throws it for an alias that it does not have.
 */
export function createCaches<const C extends CachesConfig>(config: C & Exact<C>): Caches<C> {
  return assembleCaches<C>(config, makeDefaultCache);
}

/** Opens nothing until it is used, and then joins who is there: the location `default` may have been given a meaning. */
export function makeDefaultCache(): LocMemCache {
  return new LocMemCache({ location: 'default' }, 'at first use');
}

/** {@link createCaches} with another way to make the `default` that is not named. */
export function assembleCaches<C extends CachesConfig>(config: CachesConfig, makeDefault: () => Cache): Caches<C> {
  if (!isPlainObject(config)) {
    throw new InvalidConfigError(`Caches are configured by an object of aliases; got ${show(config)}.`);
  }
  const caches: Record<string, Cache> = {};
  try {
    for (const [alias, one] of Object.entries(config)) {
      if (RESERVED.includes(alias)) throw new InvalidConfigError(`${show(alias)} cannot be an alias: it is reserved.`);
      caches[alias] = makeCache(alias, one);
    }
    caches.default ??= makeDefault();
    for (const [alias, cache] of Object.entries(caches)) nameCache(cache, alias);
  } catch (error) {
    for (const [alias, cache] of Object.entries(caches)) {
      if (config[alias] !== cache) void cache.close();
    }
    throw error;
  }
  return withClose(caches) as unknown as Caches<C>;
}

function makeCache(alias: string, config: CacheConfig): Cache {
  try {
    if (typeof config === 'string') {
      const { backend, options } = parseCacheUrl(config);
      return make(backend, options, alias);
    }
    if (isCache(config)) return config;
    if (typeof config !== 'object' || config === null || typeof config.backend !== 'string') {
      throw new InvalidConfigError(`A cache is { backend, ...options }, a URL or a Cache; got ${show(config)}.`);
    }
    const { backend, ...options } = config;
    if (!isBackend(backend)) throw new InvalidConfigError(unknownName('backend', backend, BACKEND_NAMES));
    return make(backend, options, alias);
  } catch (error) {
    const told = `Cache ${show(alias)}: `;
    if (error instanceof InvalidConfigError && !error.message.startsWith(told)) error.message = told + error.message;
    throw error;
  }
}

/** What the options are is for the backend to check: they may come from JavaScript, or from a URL. */
function make<B extends BackendName>(backend: B, options: unknown, alias: string): Backends[B]['cache'] {
  return BACKENDS[backend](options as Backends[B]['options'], alias, (name, config) =>
    makeCache(name, config as CacheConfig),
  );
}

function isCache(config: unknown): config is Cache {
  return typeof (config as Cache | null)?.getOrSet === 'function';
}

function withClose(caches: Record<string, Cache>): object {
  const aliases = Object.keys(caches);
  async function close(): Promise<void> {
    await Promise.all(Object.values(caches).map((cache) => cache.close()));
  }
  // The caches are own properties, as quick to reach as any; only a name that is not there gets as far as the prototype.
  const strangers = new Proxy(Object.create(null) as object, {
    get(_target, name) {
      if (typeof name === 'symbol' || RESERVED.includes(name)) return undefined;
      if (name in Object.prototype) return Reflect.get(Object.prototype, name);
      if (PROBED.includes(name) || /^(@@|_)/.test(name)) return undefined;
      throw new InvalidConfigError(unknownName('cache', name, aliases));
    },
  });
  return Object.assign(Object.create(strangers) as object, caches, {
    close,
    [Symbol.asyncDispose]: close,
    // Without it, console.log() would ask the prototype for names of its own.
    [inspect.custom]: () => caches,
  });
}

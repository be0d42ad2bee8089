import type { Cache, WrapOptions, Wrapped } from '../core/cache.js';
import type { LoadOptions } from '../core/call-options.js';
import { invalidArgument, show } from '../core/errors.js';
import { checkKey } from '../core/keys.js';
import { isPlainObject } from '../core/plain.js';
import { argumentKey } from './argument-key.js';
import { readLoadTerms } from './load-terms.js';
import type { Factory } from './loader.js';

/** Loads anew, whatever is there, and stores it. */
type Reload = (key: string, factory: Factory, options: LoadOptions) => Promise<unknown>;

/**
 * A function like `fn` that answers through `cache.getOrSet`.
 *
 * @param check refuses the options of an entry that `getOrSet` would refuse: now, not at the first call.
 */
export function wrapFunction<A extends unknown[], R, This>(
  cache: Pick<Cache, 'getOrSet' | 'delete'>,
  check: (options: LoadOptions) => void,
  reload: Reload,
  fn: (this: This, ...args: A) => R,
  options: WrapOptions<A, This>,
): Wrapped<A, R, This> {
  if (typeof fn !== 'function') throw invalidArgument(`wrap takes a function; got ${show(fn)}.`);
  if (!isPlainObject(options)) throw invalidArgument(`wrap takes an object of options; got ${show(options)}.`);
  const { key, ...loadOptions } = options as WrapOptions<A, This>;
  const keyOf = keyMaker(fn, key);
  check(loadOptions);
  readLoadTerms(loadOptions);
  const version = loadOptions.version === undefined ? {} : { version: loadOptions.version };

  async function wrapped(this: This, ...args: A): Promise<Awaited<R>> {
    return cache.getOrSet(keyOf(this, args), () => fn.apply(this, args) as Awaited<R>, loadOptions);
  }
  async function invalidate(this: This, ...args: A): Promise<boolean> {
    return cache.delete(keyOf(ownerOf(this), args), version);
  }
  async function refresh(this: This, ...args: A): Promise<Awaited<R>> {
    const owner = ownerOf(this);
    const name = keyOf(owner, args);
    const value = await reload(name, () => fn.apply(owner, args), loadOptions);
    // There is nothing any more, so that what was there is out of date.
    if (value === undefined) await cache.delete(name, version);
    return value as Awaited<R>;
  }
  /** Called as `wrapped.refresh()`, it is the wrapped function that stands before the dot, and nobody's `this`. */
  function ownerOf(self: This): This {
    return self === (wrapped as unknown) ? (undefined as This) : self;
  }

  return Object.defineProperties(wrapped, {
    name: { value: fn.name },
    length: { value: fn.length },
    invalidate: { value: invalidate },
    refresh: { value: refresh },
  }) as Wrapped<A, R, This>;
}

function keyMaker<A extends unknown[], This>(
  fn: { readonly name: string },
  key: WrapOptions<A, This>['key'],
): (self: This, args: A) => string {
  if (typeof key === 'function') return (self, args) => key.apply(self, args);
  if (key !== undefined) {
    checkKey(key);
    return () => key;
  }
  const { name } = fn;
  if (name === '') {
    throw invalidArgument(
      'wrap makes keys of the name of the function, and this one has none. Name it, or pass `key`.',
    );
  }
  return (_, args) => argumentKey(name, args);
}

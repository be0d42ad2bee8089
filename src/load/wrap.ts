import type { Cache, WrapOptions } from '../core/cache.js';
import type { LoadOptions } from '../core/call-options.js';
import { invalidArgument, show } from '../core/errors.js';
import { checkKey } from '../core/keys.js';
import { isPlainObject } from '../core/plain.js';

/**
 * A function like `fn` that answers through `cache.getOrSet`.
 *
 * @param check refuses options that `getOrSet` would refuse: now, not at the first call.
 */
export function wrapFunction<A extends unknown[], R, This>(
  cache: Pick<Cache, 'getOrSet'>,
  fn: (this: This, ...args: A) => R,
  options: WrapOptions<A>,
  check: (options: LoadOptions) => void,
): (this: This, ...args: A) => Promise<Awaited<R>> {
  if (typeof fn !== 'function') throw invalidArgument(`wrap takes a function; got ${show(fn)}.`);
  if (!isPlainObject(options)) throw invalidArgument(`wrap takes an object of options; got ${show(options)}.`);
  const { key, ...loadOptions } = options;
  if (typeof key !== 'function') checkKey(key);
  check(loadOptions);
  const wrapped = async function (this: This, ...args: A): Promise<Awaited<R>> {
    const name = typeof key === 'function' ? key(...args) : key;
    return cache.getOrSet(name, () => fn.apply(this, args) as Awaited<R>, loadOptions);
  };
  return Object.defineProperties(wrapped, { name: { value: fn.name }, length: { value: fn.length } });
}

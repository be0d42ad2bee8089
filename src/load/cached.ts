import type { Cache, WrapOptions } from '../core/cache.js';
import { invalidArgument, show } from '../core/errors.js';
import { isPlainObject } from '../core/plain.js';
import { argumentKey } from './argument-key.js';

/** What `@cached` takes. */
export interface CachedOptions<Key> extends Omit<WrapOptions<never>, 'key'> {
  /** Where the results are kept. */
  cache: Cache;
  /**
   * The key, or what makes it of the method's arguments; `this` is the object. Default: made of the names of the
   * object's class and of the method, and of the arguments. What else of the object matters has to be in the key.
   */
  key?: Key;
}

// biome-ignore lint/suspicious/noExplicitAny: as the language's own types of decorators have it
type AnyMethod<This> = (this: This, ...args: any) => Promise<unknown>;

/** The method, if `Key` makes a key of its arguments. */
type Keyed<This, Method extends AnyMethod<This>, Key> = Key extends string
  ? Method
  : Key extends (this: This, ...args: Parameters<Method>) => string
    ? Method
    : never;

/**
 * A decorator for async methods (TC39's, not the one of `experimentalDecorators`): the method answers through
 * `cache.getOrSet`, as if it were wrapped by `cache.wrap`. A decorator cannot change the type of a method, so TypeScript
 * does not see the `invalidate` and `refresh` that it has: where they are needed, write `load = cache.wrap(…)`.
 *
 * @throws TypeError when the class is defined, if it stands before anything but a method, or an option is wrong.
 */
export function cached<Key = string>(options: CachedOptions<Key>) {
  return <This, Method extends AnyMethod<This>>(
    method: Keyed<This, Method, Key>,
    context: ClassMethodDecoratorContext<This, Method>,
  ): Method => {
    if (context?.kind !== 'method') {
      throw invalidArgument(
        '@cached stands before a method, and is a standard decorator: turn off experimentalDecorators.',
      );
    }
    if (!isPlainObject(options)) throw invalidArgument(`@cached takes an object of options; got ${show(options)}.`);
    const { cache, key = ownKey(String(context.name)), ...loadOptions } = options;
    if (typeof cache?.wrap !== 'function') throw invalidArgument(`@cached takes a cache; got ${show(cache)}.`);
    const wrapped: unknown = cache.wrap(method as AnyMethod<This>, { ...loadOptions, key: key as string });
    return wrapped as Method;
  };
}

function ownKey(method: string) {
  return function (this: unknown, ...args: unknown[]): string {
    const owner = typeof this === 'function' ? this.name : (this as object | undefined)?.constructor?.name;
    if (owner) return argumentKey(`${owner}.${method}`, args);
    throw invalidArgument(`@cached makes keys of the name of the class, and that of ${method} has none. Pass \`key\`.`);
  };
}

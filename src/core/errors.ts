import { inspect } from 'node:util';

/**
 * What every error of this package extends. `code` is stable: programs may branch on it; messages may be reworded.
 */
export class CacheError extends Error {
  override readonly name: string = 'CacheError';
  readonly code: string = 'ERR_LOCMEM';
}

/** An option, alias, backend or URL that cannot be meant. Thrown when the cache is made, before anything is stored. */
export class InvalidConfigError extends CacheError {
  override readonly name = 'InvalidConfigError';
  override readonly code = 'ERR_LOCMEM_INVALID_CONFIG';
}

/** A key that this backend cannot store, such as white space on memcached. */
export class InvalidKeyError extends CacheError {
  override readonly name = 'InvalidKeyError';
  override readonly code = 'ERR_LOCMEM_INVALID_KEY';
}

/** `incr`, `decr`, `incrVersion` or `decrVersion` of a key that is not there, or has expired. */
export class KeyNotFoundError extends CacheError {
  override readonly name = 'KeyNotFoundError';
  override readonly code = 'ERR_LOCMEM_KEY_NOT_FOUND';
}

/** A value that is not data: a function, symbol, promise, weak reference, or something that holds one. */
export class UncacheableValueError extends CacheError {
  override readonly name = 'UncacheableValueError';
  override readonly code = 'ERR_LOCMEM_UNCACHEABLE_VALUE';
}

/** A value larger than the cache accepts for one entry. Nothing was stored; the old entry is untouched. */
export class ValueTooLargeError extends CacheError {
  override readonly name = 'ValueTooLargeError';
  override readonly code = 'ERR_LOCMEM_VALUE_TOO_LARGE';
}

/** The space that a cache reserves when it is made is not to be had. */
export class NoSpaceError extends CacheError {
  override readonly name = 'NoSpaceError';
  override readonly code = 'ERR_LOCMEM_NO_SPACE';
}

/** A shared segment that cannot be used: foreign, damaged, of another layout, or not mappable here. */
export class SegmentError extends CacheError {
  override readonly name = 'SegmentError';
  override readonly code = 'ERR_LOCMEM_SEGMENT';
}

/** The cache did not answer in time: its server is down, or a stopped process holds what is needed. */
export class CacheUnavailableError extends CacheError {
  override readonly name = 'CacheUnavailableError';
  override readonly code = 'ERR_LOCMEM_UNAVAILABLE';
}

/** A call on a cache after its `close()`. */
export class CacheClosedError extends CacheError {
  override readonly name = 'CacheClosedError';
  override readonly code = 'ERR_LOCMEM_CLOSED';
}

/** A factory that asks, while it starts, for the very key it is to load. */
export class RecursiveLoadError extends CacheError {
  override readonly name = 'RecursiveLoadError';
  override readonly code = 'ERR_LOCMEM_RECURSIVE_LOAD';
}

/** A factory that took longer than the `timeout` of the call that began its run. */
export class LoadTimeoutError extends CacheError {
  override readonly name = 'LoadTimeoutError';
  override readonly code = 'ERR_LOCMEM_LOAD_TIMEOUT';
}

/** A wrong argument of a call: the language's own `TypeError`, with a stable code. */
export function invalidArgument(message: string): TypeError & { readonly code: string } {
  return Object.assign(new TypeError(message), { code: 'ERR_LOCMEM_INVALID_ARGUMENT' });
}

/** The value at fault as a message shows it: one line, shortened. */
export function show(value: unknown): string {
  try {
    return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 60, maxArrayLength: 3 });
  } catch {
    return `a value that cannot be shown (${typeof value})`;
  }
}

import { types } from 'node:util';
import { notData } from '../core/copy-graph.js';
import { sealCopy, sealFrozen } from '../core/snapshot.js';
import type { ValuesMode } from './store-settings.js';

/**
 * What the store keeps of a value, so that its readers may do with it what the cache's `values` say.
 *
 * @throws UncacheableValueError if it is not data.
 */
export function sealFor(mode: ValuesMode, value: unknown): unknown {
  if (mode === 'reference') return checkedReference(value);
  return mode === 'frozen' ? sealFrozen(value) : sealCopy(value);
}

/** What is inside is the owner's business; what cannot be a cached value at all is refused. */
function checkedReference(value: unknown): unknown {
  const isRefused =
    typeof value === 'function' ||
    typeof value === 'symbol' ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    Object.prototype.toString.call(value) === '[object WeakRef]' ||
    // A promise, or what is as good as one: `await cache.get()` would wait for it.
    typeof (value as PromiseLike<unknown> | null)?.then === 'function';
  if (isRefused) throw notData(value);
  return value;
}

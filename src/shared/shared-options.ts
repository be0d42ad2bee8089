import { CACHE_OPTIONS, type CacheOptions } from '../core/cache-options.js';
import type { Clock } from '../core/clock.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { checkKnownOptions } from '../core/options.js';
import { type Size, sizeInBytes } from '../core/size.js';

/** What a `SharedCache` takes, beside what every cache does. */
export interface SharedCacheOptions extends CacheOptions {
  /**
   * Where the cache is: a name (a file in this user's own folder of shared memory, gone at reboot), or an absolute path
   * (a file on disk). Whoever opens the same location has the same cache.
   */
  location: string;
  /** The size of the file, in bytes; the same for all who open it. From 128 kb to 8 gb. Default: `'32mb'`. */
  maxBytes?: Size;
  /** What a reader may do with a value: change its own copy, or read one that is deeply frozen. Default: `'copy'`. */
  values?: 'copy' | 'frozen';
  /** Entries that this cache keeps at hand in the process, checked against the segment at each hit. Default: 1000. */
  nearEntries?: number;
  /** Tells the time. Default: the machine's clock. */
  clock?: Clock;
}

/** {@link SharedCacheOptions}, checked, with the defaults filled in. */
export interface SharedSettings {
  readonly maxBytes: number;
  readonly values: 'copy' | 'frozen';
  readonly nearEntries: number;
}

const OPTIONS = [...CACHE_OPTIONS, 'location', 'maxBytes', 'values', 'nearEntries', 'clock'];
const MOST_NEAR = 2 ** 24;

/** @throws InvalidConfigError naming the option at fault. */
export function readSharedOptions(options: SharedCacheOptions): SharedSettings {
  checkKnownOptions('SharedCache', options, OPTIONS);
  const { maxBytes = '32mb', values = 'copy', nearEntries = 1000, clock } = options;
  if (values !== 'copy' && values !== 'frozen') {
    throw new InvalidConfigError(`values is 'copy' or 'frozen'; got ${show(values)}.`);
  }
  if (!Number.isInteger(nearEntries) || nearEntries < 0 || nearEntries > MOST_NEAR) {
    throw new InvalidConfigError(`nearEntries is a whole number from 0 to ${MOST_NEAR}; got ${show(nearEntries)}.`);
  }
  if (clock !== undefined && typeof (clock as Clock | null)?.now !== 'function') {
    throw new InvalidConfigError(`clock is an object with a method now(); got ${show(clock)}.`);
  }
  return { maxBytes: sizeInBytes('maxBytes', maxBytes), values, nearEntries };
}

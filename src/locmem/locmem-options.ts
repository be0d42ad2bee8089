import { CACHE_OPTIONS, type CacheOptions } from '../core/cache-options.js';
import type { Clock } from '../core/clock.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { checkKnownOptions } from '../core/options.js';
import { type Size, sizeInBytes } from '../core/size.js';
import { POLICY_NAMES, type PolicyName } from './policy.js';
import type { StoreSettings, ValuesMode } from './store-settings.js';

/** What `new LocMemCache()` takes. */
export interface LocMemCacheOptions extends CacheOptions {
  /**
   * Caches of one process that name the same location share one store, for as long as one of them is open.
   * Default: a store of its own.
   */
  location?: string;

  /** How many entries are kept, from 1 to 16,777,216 (what a JavaScript `Map` holds). Default: 300, as in Django. */
  maxEntries?: number;

  /**
   * Django's culling: when `maxEntries` is reached, every `cullFrequency`-th part of them goes at once, the least
   * recently used first (with another policy: its choice); 0 empties the store. Default: one entry goes at a time.
   */
  cullFrequency?: number;

  /**
   * Which entry goes when the store is full. `'lru'`: the least recently used. `'tinylfu'`: the one least likely to be
   * used again, by recency and frequency; better hit ratios where keys are scanned or unequally popular. Default: `'lru'`.
   */
  policy?: PolicyName;

  /** How large all entries together may be, in bytes or in the unit of `sizeOf`. Default: no bound. */
  maxSize?: Size;

  /**
   * The size of one entry, a whole number; the sum is `stats().bytes`. Called before the entry is stored. Default: where
   * there is a `maxSize`, an estimate of its bytes.
   */
  sizeOf?: (value: unknown, key: string) => number;

  /** What a reader may do with a value (see docs/values.md). Default: `'copy'`. */
  values?: ValuesMode;

  /** How far the cache's clock may be from the true time, in milliseconds; 0 reads the clock on every call. Default: 1. */
  ttlResolution?: number;

  /**
   * Where the time comes from, for tests of expiry; it is then read on every call, and must not use the cache.
   * Default: the machine's clock.
   */
  clock?: Clock;
}

const LOCMEM_OPTIONS = [
  ...CACHE_OPTIONS,
  'location',
  'maxEntries',
  'cullFrequency',
  'policy',
  'maxSize',
  'sizeOf',
  'values',
  'ttlResolution',
  'clock',
];

const MOST_ENTRIES = 2 ** 24;
/** What a timer of Node.js can wait. */
const LONGEST_TIMER = 2 ** 31 - 1;
const VALUES_MODES: ValuesMode[] = ['copy', 'frozen', 'reference'];

/** {@link StoreSettings} out of `options`. @throws InvalidConfigError naming the option at fault. */
export function readLocMemOptions(options: LocMemCacheOptions): StoreSettings {
  checkKnownOptions('LocMemCache', options, LOCMEM_OPTIONS);
  const {
    location,
    maxEntries = 300,
    cullFrequency,
    policy = 'lru',
    maxSize,
    sizeOf,
    values = 'copy',
    clock,
  } = options;
  const { ttlResolution = 1 } = options;
  check(location === undefined || (typeof location === 'string' && location !== ''), 'location is a name', location);
  check(
    Number.isInteger(maxEntries) && maxEntries >= 1 && maxEntries <= MOST_ENTRIES,
    `maxEntries is a whole number from 1 to ${MOST_ENTRIES}`,
    maxEntries,
  );
  check(
    cullFrequency === undefined || (Number.isSafeInteger(cullFrequency) && cullFrequency >= 0),
    'cullFrequency is a whole number of at least 0',
    cullFrequency,
  );
  check(POLICY_NAMES.includes(policy), `policy is one of ${POLICY_NAMES.join(', ')}`, policy);
  check(VALUES_MODES.includes(values), `values is one of ${VALUES_MODES.join(', ')}`, values);
  check(
    typeof ttlResolution === 'number' && ttlResolution >= 0 && ttlResolution <= LONGEST_TIMER,
    `ttlResolution is from 0 to ${LONGEST_TIMER} ms`,
    ttlResolution,
  );
  check(sizeOf === undefined || typeof sizeOf === 'function', 'sizeOf is a function of (value, key)', sizeOf);
  check(clock === undefined || typeof clock?.now === 'function', 'clock is an object with a method now()', clock);
  return {
    maxEntries,
    cullFrequency,
    policy,
    maxSize: maxSize === undefined ? undefined : sizeInBytes('maxSize', maxSize),
    sizeOf: maxSize !== undefined || sizeOf !== undefined,
    values,
  };
}

function check(isRight: boolean, rule: string, value: unknown): void {
  if (!isRight) throw new InvalidConfigError(`${rule}; got ${show(value)}.`);
}

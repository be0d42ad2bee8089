import { invalidArgument, show } from './errors.js';
import { checkVersion } from './keys.js';
import { unknownCallOption } from './options.js';
import { isPlainObject } from './plain.js';
import type { StandardSchema } from './standard-schema.js';
import type { Ttl } from './ttl.js';

/** Which version of a key a call means. Default: the cache's `version`. */
export interface VersionOptions {
  version?: number;
}

/** How a call stores an entry. */
export interface EntryOptions extends VersionOptions {
  /** How long the entry lives. Default: the cache's `ttl`. */
  ttl?: Ttl;
  /**
   * Names by which the entry can be deleted together with others: `deleteTag`. They belong to the cache's `keyPrefix`.
   * Each is well-formed text of at least one character. Default: none; so a plain `set` takes an entry's tags away.
   */
  tags?: readonly string[] | undefined;
}

/** What a call that stores takes last: options, or just the ttl. */
export type Expiry = EntryOptions | Ttl;

/** How a call that loads stores what it has loaded. */
export interface LoadedEntryOptions extends EntryOptions {
  /**
   * How much of the ttl is taken away at random, at most, so that entries stored together do not expire together. The
   * ttl is then spread evenly (uniformly) from `ttl - jitter`, or 1 ms where that would be less, to `ttl`. Default: 0.
   */
  jitter?: Ttl;
  /** The ttl of a `null`, which says that there is nothing. 0 or less: it is not stored. Default: the ttl. */
  negativeTtl?: Ttl;
  /**
   * A Standard Schema (of Zod, Valibot, ArkType and others), for values that were read from outside this process: the
   * caches of servers and `SharedCache` may hold what an older release or another program has written. What it refuses
   * is a miss, and counted (`stats().invalid`). It checks and does not convert: the caller has what was stored. What a
   * factory makes here is not looked at. Default: none.
   */
  schema?: StandardSchema;
}

/**
 * What `getOrSet` and `wrap` take beside a ttl.
 *
 * An entry past its ttl is *stale* for as long as the call that stored it allows by `staleWhileRevalidate` or
 * `staleIfError`, whichever is longer. Only calls with these options see it, each as stale as its own allow; to all
 * others it is missing. What is stored with a ttl of 0 or less is gone, and not stale either.
 */
export interface LoadOptions extends LoadedEntryOptions {
  /**
   * How long a run of the factory, once begun, is waited for: more than 0, at most 24 days. Then all who wait get a
   * {@link LoadTimeoutError}, the factory's signal is aborted, and who asks next begins a new run. A factory that
   * goes on and has its value late stores it nevertheless, unless the key was written, deleted or asked for since.
   * Who begins a run decides: those who join it wait as long as he does. Default: for ever.
   */
  timeout?: Ttl;
  /**
   * Ends the waiting of this caller, at once and with the signal's reason; an aborted one refuses the call. The run
   * goes on for the others. When all have left, the factory's signal is aborted, and it is as after a timeout.
   */
  signal?: AbortSignal | undefined;
  /**
   * How long after its ttl an entry is still served, at once, while one run of the factory behind makes it anew (RFC
   * 5861, section 3). A run behind that fails is told on the channel `tracing:locmem:load:error` alone; the next call
   * begins another. Default: 0, never.
   */
  staleWhileRevalidate?: Ttl;
  /**
   * How long after its ttl an entry is still served if the factory fails or takes longer than its `timeout` (RFC 5861,
   * section 4). Default: 0, never.
   */
  staleIfError?: Ttl;
  /**
   * How long the factory is waited for where `staleIfError` has a value to serve instead; the run goes on behind. At
   * most 24 days. Without `staleIfError` there is nothing to serve, and it is refused. Default: for ever.
   */
  staleTimeout?: Ttl;
  /**
   * How eagerly an entry is made anew behind before it expires, so that nobody waits when it does: 0, never, to 1. Chance
   * decides, at each call: the nearer the end, and the longer the last run took, the likelier. 1 is the optimum of
   * Vattani et al., "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015 (their beta); less waits longer.
   * Only entries that were stored by a call with this option know how long their run took. Default: 0.
   */
  earlyRefresh?: number | undefined;
  /**
   * How long another process that runs the factory for the same entry is waited for, where processes share the cache;
   * then the factory runs here, too. 0: not at all; `null`: as long as it lives. Default: `'5s'`.
   */
  lockTimeout?: Ttl;
}

/**
 * What `getOrSetMany` takes: what is stale is missing to it, and is stored for those who look at it; it waits for no other
 * process.
 */
export type LoadManyOptions = Omit<LoadOptions, 'staleTimeout' | 'lockTimeout'>;

export interface GetOptions<D> extends VersionOptions {
  /** Returned where there is no entry. Default: `undefined`. */
  default?: D;
}

const VERSION_OPTIONS = ['version'];
const GET_OPTIONS = ['version', 'default'];
const ENTRY_OPTIONS: readonly string[] = ['ttl', 'version', 'tags'];
/**
 * What loading calls know beside the options of an entry: the sync ones, which neither wait nor can be left; those of many
 * keys, which wait for no other process and serve nothing stale; and all.
 */
export const LOADED_ENTRY_OPTIONS: readonly string[] = [...ENTRY_OPTIONS, 'jitter', 'negativeTtl', 'schema'];
export const LOAD_MANY_OPTIONS: readonly string[] = [
  ...LOADED_ENTRY_OPTIONS,
  'timeout',
  'signal',
  'staleWhileRevalidate',
  'staleIfError',
  'earlyRefresh',
];
export const LOAD_OPTIONS: readonly string[] = [...LOAD_MANY_OPTIONS, 'staleTimeout', 'lockTimeout'];

/** The version that the options of `call` name; `own` where they name none. */
export function readVersion(call: string, options: unknown, own: number): number {
  return versionOf(call, options, own, VERSION_OPTIONS);
}

/** The same for `get`, whose options may hold a `default` too. */
export function readGetVersion(options: unknown, own: number): number {
  return versionOf('get', options, own, GET_OPTIONS);
}

/** The version of an {@link Expiry}; a bare ttl names none. @param known the options of the call. */
export function readEntryVersion(call: string, options: unknown, own: number, known = ENTRY_OPTIONS): number {
  if (typeof options !== 'object' || options === null) return own;
  return versionOf(call, options, own, known);
}

/** Whether options name at most a ttl, as most do: then there is nothing else to be read, or to be refused. */
export function namesTtlAlone(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) return true;
  if (!isPlainObject(options)) return false;
  for (const name in options) if (name !== 'ttl') return false;
  return true;
}

/** The ttl of an {@link Expiry}; `undefined` where the cache's own is to be used. */
export function readTtl(options: unknown): unknown {
  return typeof options === 'object' && options !== null ? (options as EntryOptions).ttl : options;
}

function versionOf(call: string, options: unknown, own: number, known: readonly string[]): number {
  if (!isPlainObject(options)) {
    throw invalidArgument(`${call} takes an object of options (${known.join(', ')}); got ${show(options)}.`);
  }
  for (const name in options) {
    if (!known.includes(name) && Object.hasOwn(options, name)) throw unknownCallOption(call, name, known);
  }
  const { version } = options;
  if (version === undefined) return own;
  checkVersion(version);
  return version;
}

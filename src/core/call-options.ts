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

/** What `getOrSet` and `wrap` take beside a ttl. */
export interface LoadOptions extends LoadedEntryOptions {
  /**
   * How long a run of the factory is waited for: more than 0, at most 24 days. Then all who wait get a
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
}

export interface GetOptions<D> extends VersionOptions {
  /** Returned where there is no entry. Default: `undefined`. */
  default?: D;
}

const VERSION_OPTIONS = ['version'];
const GET_OPTIONS = ['version', 'default'];
const ENTRY_OPTIONS: readonly string[] = ['ttl', 'version'];
/** What loading calls know beside the options of an entry: the sync ones, which neither wait nor can be left, and all. */
export const LOADED_ENTRY_OPTIONS: readonly string[] = [...ENTRY_OPTIONS, 'jitter', 'negativeTtl', 'schema'];
export const LOAD_OPTIONS: readonly string[] = [...LOADED_ENTRY_OPTIONS, 'timeout', 'signal'];

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

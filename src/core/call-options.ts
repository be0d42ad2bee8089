import { invalidArgument, show } from './errors.js';
import { checkVersion } from './keys.js';
import { unknownCallOption } from './options.js';
import { isPlainObject } from './plain.js';
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

export interface GetOptions<D> extends VersionOptions {
  /** Returned where there is no entry. Default: `undefined`. */
  default?: D;
}

const VERSION_OPTIONS = ['version'];
const GET_OPTIONS = ['version', 'default'];
const ENTRY_OPTIONS = ['ttl', 'version'];

/** The version that the options of `call` name; `own` where they name none. */
export function readVersion(call: string, options: unknown, own: number): number {
  return versionOf(call, options, own, VERSION_OPTIONS);
}

/** The same for `get`, whose options may hold a `default` too. */
export function readGetVersion(options: unknown, own: number): number {
  return versionOf('get', options, own, GET_OPTIONS);
}

/** The version of an {@link Expiry}; a bare ttl names none. */
export function readEntryVersion(call: string, options: unknown, own: number): number {
  if (typeof options !== 'object' || options === null) return own;
  return versionOf(call, options, own, ENTRY_OPTIONS);
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

import type { Cache, Entries } from './cache.js';
import type { CacheSettings } from './cache-options.js';
import { type Expiry, readEntryVersion, readTtl, readVersion, type VersionOptions } from './call-options.js';
import { aliasOf, type BackendName, type Operation, type OperationEvent } from './diagnostics.js';
import { invalidArgument, KeyNotFoundError, show } from './errors.js';
import { checkKey } from './keys.js';
import { isPlainObject } from './plain.js';
import { ttlMilliseconds } from './ttl.js';

/** Reads what the calls of a cache are given, with the cache's own settings where a call does not say. */
export abstract class CallReader {
  protected readonly settings: CacheSettings;

  protected constructor(settings: CacheSettings) {
    this.settings = settings;
  }

  protected abstract get backend(): BackendName;

  /** How the events of this cache begin. */
  protected eventOf(operation: Operation): OperationEvent {
    return { cache: this as unknown as Cache, alias: aliasOf(this), backend: this.backend, operation };
  }

  /** @param known the options of the call, where it knows more than those of an entry. */
  protected entryVersion(call: string, options: Expiry | undefined, known?: readonly string[]): number {
    const { version } = this.settings;
    return options === undefined ? version : readEntryVersion(call, options, version, known);
  }

  /** The milliseconds that an entry of this call lives. */
  protected entryTtl(options: Expiry | undefined): number {
    return options === undefined ? this.settings.ttl : this.ttlOf(readTtl(options));
  }

  protected ttlOf(ttl: unknown): number {
    return ttl === undefined ? this.settings.ttl : ttlMilliseconds(ttl);
  }

  /** Throws what a call with these options would throw: before there is one. */
  protected checkEntryOptions(call: string, options: Expiry | undefined, known: readonly string[]): void {
    this.entryVersion(call, options, known);
    this.entryTtl(options);
  }

  protected versionOf(call: string, options: VersionOptions | undefined): number {
    const { version } = this.settings;
    return options === undefined ? version : readVersion(call, options, version);
  }
}

/** @throws TypeError if `value` is `undefined`. */
export function checkStorable(value: unknown): void {
  if (value === undefined) throw invalidArgument('undefined means "not there" and cannot be stored. Use delete().');
}

/** @throws TypeError unless `delta` is a finite number. */
export function checkDelta(delta: unknown): void {
  if (!Number.isFinite(delta)) throw invalidArgument(`incr and decr take a finite number; got ${show(delta)}.`);
}

export function notNumber(key: string, value: unknown): TypeError {
  return invalidArgument(`incr and decr change numbers; at ${show(key)} stands ${show(value)}.`);
}

export function notFound(key: string, version: number): KeyNotFoundError {
  return new KeyNotFoundError(
    `There is no entry at ${show(key)}, version ${version}. Store one first: set() or add().`,
  );
}

export function uniqueKeys(call: string, keys: Iterable<string>): Set<string> {
  if (typeof keys !== 'object' || keys === null || typeof keys[Symbol.iterator] !== 'function') {
    throw invalidArgument(`${call} takes an iterable of keys, such as an array; got ${show(keys)}.`);
  }
  const unique = new Set<string>();
  for (const key of keys) {
    checkKey(key);
    unique.add(key);
  }
  return unique;
}

/** The pairs of what is given or returned. @param who as the error begins: `setMany takes`. */
export function pairs(who: string, entries: Entries): Iterable<readonly [string, unknown]> {
  if (typeof entries !== 'object' || entries === null) {
    throw invalidArgument(`${who} an object, a Map or an iterable of [key, value]; got ${show(entries)}.`);
  }
  if (!(Symbol.iterator in entries)) {
    if (isPlainObject(entries)) return Object.entries(entries);
    throw invalidArgument(`${who} a plain object, a Map or an iterable of [key, value]; got ${show(entries)}.`);
  }
  return checkedPairs(who, entries as Iterable<readonly [string, unknown]>);
}

function* checkedPairs(
  who: string,
  entries: Iterable<readonly [string, unknown]>,
): Iterable<readonly [string, unknown]> {
  for (const pair of entries) {
    if (!Array.isArray(pair) || pair.length !== 2) {
      throw invalidArgument(`${who} pairs of [key, value]; got ${show(pair)}.`);
    }
    yield pair as unknown as readonly [string, unknown];
  }
}

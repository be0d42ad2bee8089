import { invalidArgument, show } from './errors.js';

/** Makes the key that the backend stores. The default is Django's `prefix:version:key`. */
export type KeyFunction = (key: string, keyPrefix: string, version: number) => string;

/** Django's scheme, so that both can share one server. */
export const defaultKeyFunction: KeyFunction = (key, keyPrefix, version) => `${keyPrefix}:${version}:${key}`;

/** @throws TypeError unless `key` is a string with something in it. */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key !== 'string') {
    throw invalidArgument(
      `A key is a string; got ${show(key)} (${typeof key}). Make one of it: String(id), or a template.`,
    );
  }
  if (key === '') throw invalidArgument('A key is a string of at least one character; got an empty one.');
}

/** The bytes that Django's stored keys have beyond the key: those of `prefix:version:`. */
export function overheadOf(prefix: string, version: number): number {
  return Buffer.byteLength(prefix) + String(version).length + 2;
}

/** The key as the backend stores it. @throws TypeError if the key function makes none. */
export function storedKey(keyFunction: KeyFunction, key: string, keyPrefix: string, version: number): string {
  const stored: unknown = keyFunction(key, keyPrefix, version);
  if (typeof stored === 'string' && stored !== '') return stored;
  throw invalidArgument(`keyFunction returns a string of at least one character; got ${show(stored)}.`);
}

/** @throws TypeError unless `version` is a whole number. */
export function checkVersion(version: unknown): asserts version is number {
  if (!Number.isSafeInteger(version)) throw invalidArgument(`A version is a whole number; got ${show(version)}.`);
}

/** What memcached takes: at most 250 bytes, neither white space nor control characters. */
const PORTABLE_BYTES = 250;
let warnOfLength = true;
let warnOfCharacters = true;

/** Looking through a key costs as much as missing it: the first of a process are all looked through, then every 16th. */
const LOOK_AT_ALL = 100_000;
const THEN_AT_EVERY = 16;
let seen = 0;

/**
 * Warns, once per reason and process, of a key that works here but that memcached would refuse, as Django does
 * (`CacheKeyWarning`).
 *
 * @param overhead the bytes that the stored key has beyond `key`: prefix, version and separators.
 */
export function warnOfUnportableKey(key: string, overhead: number): void {
  // A UTF-16 unit is at most three bytes of UTF-8: most keys are cleared by one comparison.
  if (overhead + key.length * 3 > PORTABLE_BYTES) warnOfLongKey(key, overhead);
  if (++seen < LOOK_AT_ALL || seen % THEN_AT_EVERY === 0) warnOfOddCharacters(key);
}

function warnOfLongKey(key: string, overhead: number): void {
  const bytes = overhead + Buffer.byteLength(key);
  if (!warnOfLength || bytes <= PORTABLE_BYTES) return;
  warnOfLength = false;
  warn(key, `is ${bytes} bytes long as stored; memcached takes ${PORTABLE_BYTES}`);
}

function warnOfOddCharacters(key: string): void {
  if (!warnOfCharacters) return;
  for (let i = 0; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) {
      warnOfCharacters = false;
      warn(key, 'has white space or control characters, which memcached refuses');
      return;
    }
  }
}

function warn(key: string, reason: string): void {
  process.emitWarning(`The cache key ${show(key)} ${reason}.`, {
    type: 'CacheKeyWarning',
    detail: 'It works here. Choose keys that every backend takes, to be free to change it. Said once per reason.',
  });
}

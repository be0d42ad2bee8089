import { InvalidKeyError, show } from '../core/errors.js';

const LONGEST_NAME = 250;
const REFUSED_CHARACTER = /[\0-\x20\x7f]/;

/** Whether memcached takes such a key. */
export function isStorable(name: string): boolean {
  return Buffer.byteLength(name) <= LONGEST_NAME && !REFUSED_CHARACTER.test(name);
}

/** @throws InvalidKeyError if memcached takes no such key. */
export function checkStoredName(name: string): void {
  // A UTF-16 unit is at most three bytes of UTF-8: most names are cleared by one comparison.
  const bytes = name.length * 3 > LONGEST_NAME ? Buffer.byteLength(name) : 0;
  if (bytes > LONGEST_NAME) {
    throw new InvalidKeyError(
      `The key ${show(name)} is ${bytes} bytes long as stored; memcached takes ${LONGEST_NAME}. Shorten it, or store ` +
        'under its hash (the option keyFunction).',
    );
  }
  if (REFUSED_CHARACTER.test(name)) {
    throw new InvalidKeyError(
      `The key ${show(name)} has white space or control characters, which memcached does not take. Encode it ` +
        '(encodeURIComponent), or leave them out.',
    );
  }
}

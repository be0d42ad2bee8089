import { CacheUnavailableError, show, ValueTooLargeError } from '../core/errors.js';

/** What a command that stores is told where its condition does not hold. */
const REFUSALS = ['NOT_STORED', 'EXISTS', 'NOT_FOUND'];

/** Whether a command that stores did so. @throws ValueTooLargeError or CacheUnavailableError if the server could not. */
export function isStored(line: string, name: string): boolean {
  if (line === 'STORED') return true;
  if (REFUSALS.includes(line)) return false;
  if (line.startsWith('SERVER_ERROR object too large')) {
    throw new ValueTooLargeError(
      `The value at ${show(name)} is larger than the server takes (memcached's item limit, -I: 1 MB unless it is told ` +
        'otherwise). Compress it (the option compression), or store less.',
    );
  }
  throw refused(line);
}

/** @throws CacheUnavailableError if the server could not do it. */
export function checkReply(line: string): void {
  if (/^(?:SERVER_|CLIENT_)?ERROR/.test(line)) throw refused(line);
}

export function refused(line: string): CacheUnavailableError {
  return new CacheUnavailableError(`The memcached server could not do it: ${line}`, { cause: new Error(line) });
}

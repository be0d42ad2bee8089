import { CacheUnavailableError, show, ValueTooLargeError } from '../core/errors.js';

/** Whether a command that stores did so. @throws ValueTooLargeError or CacheUnavailableError if the server refuses. */
export function isStored(line: string, name: string): boolean {
  if (line === 'STORED') return true;
  if (line.startsWith('SERVER_ERROR object too large')) {
    throw new ValueTooLargeError(
      `The value at ${show(name)} is larger than the server takes (memcached's item limit, -I: 1 MB unless it is told ` +
        'otherwise). Compress it (the option compression), or store less.',
    );
  }
  checkReply(line);
  return false;
}

/** @throws CacheUnavailableError if the server could not do it. */
export function checkReply(line: string): void {
  if (/^(?:SERVER_|CLIENT_)?ERROR/.test(line)) {
    throw new CacheUnavailableError(`The memcached server refused: ${line}`, { cause: new Error(line) });
  }
}

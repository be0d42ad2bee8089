import { InvalidConfigError, show } from './errors.js';

/**
 * The call by which a store that keeps several namespaces in one cache empties one of them. Not a call of `Cache`: it
 * looks at every key, and not every backend can.
 */
export const clearUnder: unique symbol = Symbol('clearUnder');

export interface ClearsUnder {
  /**
   * Removes the entries whose key begins with `head`, of the cache's own prefix and version.
   *
   * @throws InvalidConfigError where the backend cannot tell which they are.
   */
  [clearUnder](head: string): void | Promise<void>;
}

export function cannotClearUnder(head: string, reason: string): InvalidConfigError {
  return new InvalidConfigError(
    `The keys that begin with ${show(head)} cannot be told from others here: ${reason}. Give the cache a keyPrefix, and ` +
      'the Keyv no namespace.',
  );
}

/** The reason where a server, such as memcached, has no such command. */
export const CANNOT_LIST = 'the server cannot list keys';

/** The reason where keys are made by a key function. */
export const HAS_KEY_FUNCTION = 'the cache has a key function';

import type { CacheSettings } from './cache-options.js';
import { InvalidConfigError, show } from './errors.js';
import { defaultKeyFunction } from './keys.js';

/** The stored keys of one cache: how to ask the server for them, and how to tell them from others'. */
export interface StoredKeys {
  /** What all of them begin with. */
  readonly beginning: string;
  isOurs(name: string): boolean;
}

/**
 * What the stored keys of a cache with a prefix have in common.
 *
 * @throws InvalidConfigError if its key function leaves the prefix out, or nothing between prefix and key.
 */
export function storedKeys({ keyPrefix, keyFunction }: CacheSettings): StoredKeys {
  if (keyFunction === defaultKeyFunction) {
    const beginning = `${keyPrefix}:`;
    const rest = /^-?\d+:/;
    return { beginning, isOurs: (name) => name.startsWith(beginning) && rest.test(name.slice(beginning.length)) };
  }
  const beginning = commonBeginning([
    keyFunction('a', keyPrefix, 1),
    keyFunction('b', keyPrefix, 1),
    keyFunction('a', keyPrefix, 2),
    keyFunction('c', keyPrefix, 3),
  ]);
  if (!beginning.startsWith(keyPrefix) || beginning.length === keyPrefix.length) {
    throw new InvalidConfigError(
      `clear() cannot tell the entries of the keyPrefix ${show(keyPrefix)} from others: the keyFunction does not begin ` +
        'its keys with the prefix and a separator, such as a colon.',
    );
  }
  return { beginning, isOurs: (name) => name.startsWith(beginning) };
}

/** What the stored keys of a cache begin with, as far as that can be told: maybe nothing. */
export function beginningOf({ keyPrefix, keyFunction }: CacheSettings): string {
  return keyFunction === defaultKeyFunction ? `${keyPrefix}:` : '';
}

function commonBeginning(texts: readonly string[]): string {
  const [first = ''] = texts;
  let length = 0;
  while (length < first.length && texts.every((text) => text[length] === first[length])) length++;
  return first.slice(0, length);
}

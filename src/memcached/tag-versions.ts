import { randomBytes } from 'node:crypto';
import { type Envelope, VERSION_LENGTH } from '../encoding/envelope.js';
import { type Calls, itemsIn } from './calls.js';
import { add, get } from './commands.js';
import type { Item } from './exchange.js';
import { isStored } from './replies.js';
import { tagName } from './side-names.js';

/**
 * The versions of tags: random, kept under a key of each tag without a ttl. An entry lives while its tags have the
 * versions that it was stored with. A version that memcached evicted kills its entries; the next that is stored makes
 * another.
 */
export class TagVersions {
  readonly #calls: Calls;
  readonly #keyPrefix: string;

  constructor(calls: Calls, keyPrefix: string) {
    this.#calls = calls;
    this.#keyPrefix = keyPrefix;
  }

  /** The version of each, made where there is none. */
  async obtain(tags: readonly string[]): Promise<Buffer[]> {
    if (tags.length === 0) return [];
    const known = await this.#read(tags);
    return Promise.all(tags.map((tag) => known.get(tag) ?? this.#make(tag)));
  }

  /** For each entry, whether all its tags are as they were when it was stored. */
  async areAlive(envelopes: readonly Envelope[]): Promise<boolean[]> {
    const current = await this.#read([...new Set(envelopes.flatMap(({ tags }) => tags))]);
    return envelopes.map(({ tags, versions }) => tags.every((tag, i) => current.get(tag)?.equals(versions[i]!)));
  }

  removeAll(tags: readonly string[]): Promise<void> {
    return this.#calls.deleteMany(tags.map((tag) => tagName(this.#keyPrefix, tag)));
  }

  async #read(tags: readonly string[]): Promise<Map<string, Buffer>> {
    const names = tags.map((tag) => tagName(this.#keyPrefix, tag));
    const items = await this.#calls.getMany(names);
    const versions = new Map<string, Buffer>();
    for (const [i, tag] of tags.entries()) {
      const version = versionIn(items.get(names[i]!));
      if (version !== undefined) versions.set(tag, version);
    }
    return versions;
  }

  /** One of all who make it at once is first, and all take that one's. */
  async #make(tag: string): Promise<Buffer> {
    const name = tagName(this.#keyPrefix, tag);
    const version = randomBytes(VERSION_LENGTH);
    const content = { bytes: version, flags: 0, seconds: 0 };
    const [added, read] = await this.#calls.send(name, add(name, content), get(name));
    if (isStored(added.line, name)) return version;
    // Gone again: a version that nobody has. The entry is stored, and dead, as the tag was deleted after it was asked for.
    return versionIn(itemsIn([read]).get(name)) ?? version;
  }
}

function versionIn(item: Item | undefined): Buffer | undefined {
  return item?.bytes.length === VERSION_LENGTH ? item.bytes : undefined;
}

import { randomBytes } from 'node:crypto';
import type { Answered } from '../core/partly-unavailable.js';
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
    const { answer: known, failure } = await this.#read(tags);
    if (failure !== undefined) throw failure;
    return Promise.all(tags.map((tag) => known.get(tag) ?? this.#make(tag)));
  }

  /** For each entry, whether all its tags are as they were when it was stored; not, where a server does not answer. */
  async areAlive(envelopes: readonly Envelope[]): Promise<Answered<boolean[]>> {
    const { answer: known, failure } = await this.#read([...new Set(envelopes.flatMap(({ tags }) => tags))]);
    const alive = envelopes.map(({ tags, versions }) => tags.every((tag, i) => known.get(tag)?.equals(versions[i]!)));
    return { answer: alive, failure };
  }

  async removeAll(tags: readonly string[]): Promise<void> {
    const failure = await this.#calls.deleteMany(tags.map((tag) => tagName(this.#keyPrefix, tag)));
    if (failure !== undefined) throw failure;
  }

  async #read(tags: readonly string[]): Promise<Answered<Map<string, Buffer>>> {
    const tagOf = new Map(tags.map((tag) => [tagName(this.#keyPrefix, tag), tag]));
    const { answer: items, failure } = await this.#calls.getMany([...tagOf.keys()]);
    const known = new Map(items.filter(isVersion).map(({ name, bytes }) => [tagOf.get(name)!, bytes]));
    return { answer: known, failure };
  }

  /** One of all who make it at once is first, and all take that one's. */
  async #make(tag: string): Promise<Buffer> {
    const name = tagName(this.#keyPrefix, tag);
    const version = randomBytes(VERSION_LENGTH);
    const content = { bytes: version, flags: 0, seconds: 0 };
    const [added, read] = await this.#calls.send(name, add(name, content), get(name));
    if (isStored(added.line, name)) return version;
    // Gone again: a version that nobody has. The entry is stored, and dead, as the tag was deleted after it was asked for.
    return itemsIn([read]).find(isVersion)?.bytes ?? version;
  }
}

function isVersion({ bytes }: Item): boolean {
  return bytes.length === VERSION_LENGTH;
}

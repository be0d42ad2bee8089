import { randomBytes } from 'node:crypto';
import { type Envelope, VERSION_LENGTH } from '../encoding/envelope.js';
import { add, get, getMany, remove } from './commands.js';
import type { Reply } from './exchange.js';
import { checkReply, isStored } from './replies.js';
import type { ServerPool } from './server-pool.js';
import { tagName } from './side-names.js';

/**
 * The versions of tags: random, kept under a key of each tag without a ttl. An entry lives while its tags have the
 * versions that it was stored with. A version that memcached evicted kills its entries; the next that is stored makes
 * another.
 */
export class TagVersions {
  readonly #pool: ServerPool;
  readonly #keyPrefix: string;
  readonly #timeout: number;

  constructor(pool: ServerPool, keyPrefix: string, timeout: number) {
    this.#pool = pool;
    this.#keyPrefix = keyPrefix;
    this.#timeout = timeout;
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

  async removeAll(tags: readonly string[]): Promise<void> {
    const names = tags.map((tag) => tagName(this.#keyPrefix, tag));
    const groups = [...this.#pool.grouped(names, (name) => name)];
    await Promise.all(
      groups.map(async ([server, own]) => {
        for (const { line } of await server.exchange(own.map(remove), this.#timeout)) checkReply(line);
      }),
    );
  }

  async #read(tags: readonly string[]): Promise<Map<string, Buffer>> {
    const tagOf = new Map(tags.map((tag) => [tagName(this.#keyPrefix, tag), tag]));
    const versions = new Map<string, Buffer>();
    const groups = [...this.#pool.grouped([...tagOf.keys()], (name) => name)];
    await Promise.all(
      groups.map(async ([server, own]) => {
        for (const reply of await server.exchange(getMany(own), this.#timeout)) {
          for (const [name, bytes] of itemsOf(reply)) versions.set(tagOf.get(name)!, bytes);
        }
      }),
    );
    return versions;
  }

  /** One of all who make it at once is first, and all take that one's. */
  async #make(tag: string): Promise<Buffer> {
    const name = tagName(this.#keyPrefix, tag);
    const version = randomBytes(VERSION_LENGTH);
    const making = [add(name, { bytes: version, flags: 0, seconds: 0 }), get(name)];
    const [added, read] = (await this.#pool.serverOf(name).exchange(making, this.#timeout)) as [Reply, Reply];
    if (isStored(added.line, name)) return version;
    // Gone again: a version that nobody has. The entry is stored, and dead, as the tag was deleted after it was asked for.
    return itemsOf(read).get(name) ?? version;
  }
}

function itemsOf({ items, line }: Reply): Map<string, Buffer> {
  checkReply(line);
  return new Map(items.filter(({ bytes }) => bytes.length === VERSION_LENGTH).map(({ name, bytes }) => [name, bytes]));
}

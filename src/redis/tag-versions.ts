import type { ChangeListener } from '../core/engine.js';
import type { Envelope } from '../encoding/envelope.js';
import type { Connection } from './connection.js';
import { TAG_VERSION } from './entry-scripts.js';
import { run } from './scripts.js';
import type { Argument, Reply } from './wire.js';

/** What the keys of the versions of all tags of a prefix begin with. */
export function tagStart(keyPrefix: string): string {
  return `${keyPrefix}:tag:`;
}

/**
 * The versions of tags: random, a key for each, that lives as long as any entry that was stored with it. Scripts look at
 * them in the same step as at the entries; here is what is done where they cannot.
 */
export class TagVersions {
  readonly #connection: Connection;
  readonly #start: string;

  constructor(connection: Connection, keyPrefix: string) {
    this.#connection = connection;
    this.#start = tagStart(keyPrefix);
  }

  keysOf(tags: readonly string[]): string[] {
    return tags.map((tag) => this.#start + tag);
  }

  /** Without its version a tag's entries are dead; the next that is stored with it makes another. */
  async removeAll(tags: readonly string[]): Promise<void> {
    const keys = this.keysOf(tags);
    if (keys.length === 0) return;
    if (await this.#connection.isCluster()) {
      await Promise.all(keys.map((key) => this.#connection.send(key, false, ['UNLINK', key])));
    } else await this.#connection.send(keys[0]!, false, ['UNLINK', ...keys]);
  }

  /**
   * Whether the tags of each are as they were when it was stored. What is none is not alive.
   *
   * @param keep for how long they must live, as `obtain` takes it, where they are to live longer.
   */
  async areAlive(envelopes: readonly (Envelope | undefined)[], keep?: string): Promise<boolean[]> {
    const tags = [...new Set(envelopes.flatMap((envelope) => envelope?.tags ?? []))];
    const versions = tags.length === 0 ? [] : await this.#read(tags, keep);
    const current = new Map(tags.map((tag, i) => [tag, versions[i]]));
    return envelopes.map(
      (envelope) =>
        envelope?.tags.every((tag, i) => {
          const version = current.get(tag);
          return Buffer.isBuffer(version) && version.equals(envelope.versions[i]!);
        }) ?? false,
    );
  }

  /** The version of each, made `fresh` where there is none and that is not empty, and kept for so long. */
  obtain(tags: readonly string[], fresh: Argument, keyTtl: string): Promise<Buffer[]> {
    const asked = this.keysOf(tags).map((key) =>
      run((command) => this.#connection.send(key, false, command), TAG_VERSION, [key], [fresh, keyTtl]),
    );
    return Promise.all(asked) as Promise<Buffer[]>;
  }

  async #read(tags: readonly string[], keep: string | undefined): Promise<readonly Reply[]> {
    if (keep !== undefined) return this.obtain(tags, '', keep);
    const keys = this.keysOf(tags);
    if (await this.#connection.isCluster()) {
      return Promise.all(keys.map((key) => this.#connection.send(key, true, ['GET', key])));
    }
    return (await this.#connection.send(keys[0]!, true, ['MGET', ...keys])) as Reply[];
  }
}

/** The listener, that hears of tags by their own names as well as by those of their keys. */
export function hearingTags(listener: ChangeListener, keyPrefix: string): ChangeListener {
  const start = tagStart(keyPrefix);
  return {
    connected: (tellsChanges) => listener.connected(tellsChanges),
    disconnected: () => listener.disconnected(),
    changed: (name) => {
      if (name?.startsWith(start)) listener.tagChanged(name.slice(start.length));
      listener.changed(name);
    },
    tagChanged: (tag) => listener.tagChanged(tag),
  };
}

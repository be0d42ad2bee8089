import type { CacheSettings } from '../core/cache-options.js';
import { type StoredKeys, storedKeys } from '../core/stored-keys.js';
import type { Connection } from './connection.js';
import { leasesOf } from './lease-server.js';
import type { Node } from './wire.js';

const SCAN_COUNT = 1000;

/** The removal of all entries of a cache, or of those that begin alike: found by SCAN, on every node. */
export class Clearing {
  readonly #connection: Connection;
  readonly #settings: CacheSettings;

  constructor(connection: Connection, settings: CacheSettings) {
    this.#connection = connection;
    this.#settings = settings;
  }

  async removeAll(): Promise<void> {
    const nodes = await this.#connection.nodes();
    if (this.#settings.keyPrefix === '') await Promise.all(nodes.map(({ send }) => send(['FLUSHDB', 'ASYNC'])));
    else await this.#removeOn(nodes, storedKeys(this.#settings));
  }

  async removeUnder(head: string): Promise<void> {
    const nodes = await this.#connection.nodes();
    await this.#removeOn(nodes, { beginning: head, isOurs: (name) => name.startsWith(head) });
  }

  /** The leases before the entries: no run of any process that is under way stores any more. */
  async #removeOn(nodes: readonly Node[], keys: StoredKeys): Promise<void> {
    const leases = leasesOf(keys, this.#settings.keyPrefix);
    await Promise.all(nodes.map((node) => this.#removeListed(node, leases)));
    await Promise.all(nodes.map((node) => this.#removeListed(node, keys)));
  }

  /** In small steps, between which the server answers others. What was there when it began is gone when it ends. */
  async #removeListed(node: Node, keys: StoredKeys): Promise<void> {
    const isCluster = await this.#connection.isCluster();
    let cursor = '0';
    do {
      const scan = ['SCAN', cursor, 'MATCH', patternOf(keys.beginning), 'COUNT', String(SCAN_COUNT)];
      const [next, found] = (await node.send(scan)) as [Buffer, Buffer[]];
      const ours = found.map(String).filter(keys.isOurs);
      if (isCluster) await Promise.all(ours.map((name) => node.send(['UNLINK', name])));
      else if (ours.length > 0) await node.send(['UNLINK', ...ours]);
      cursor = next.toString();
    } while (cursor !== '0');
  }
}

/** A pattern of SCAN for what begins with `text`. */
function patternOf(text: string): string {
  return `${text.replace(/[\\*?[\]]/g, '\\$&')}*`;
}

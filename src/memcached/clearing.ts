import type { CacheSettings } from '../core/cache-options.js';
import { storedKeys } from '../core/stored-keys.js';
import type { Calls } from './calls.js';
import { FLUSH_ALL, remove } from './commands.js';
import { checkReply } from './replies.js';
import type { Server } from './server.js';
import { leaseStart } from './side-names.js';

/** Looks for what was written while it was cleared, at most so often: a writer who never rests is not waited for. */
const MOST_PASSES = 100;

/** The removal of all entries of a cache, or of those that begin alike: found in the servers' lists of their keys. */
export class Clearing {
  readonly #calls: Calls;
  readonly #settings: CacheSettings;

  constructor(calls: Calls, settings: CacheSettings) {
    this.#calls = calls;
    this.#settings = settings;
  }

  async removeAll(): Promise<void> {
    const { servers, timeout } = this.#calls;
    if (this.#settings.keyPrefix === '') {
      const replies = await Promise.all(servers.map((server) => server.exchange([FLUSH_ALL], timeout)));
      for (const [{ line }] of replies) checkReply(line);
      return;
    }
    const { isOurs } = storedKeys(this.#settings);
    await this.#removeWhere(isOurs);
  }

  removeUnder(head: string): Promise<void> {
    return this.#removeWhere((name) => name.startsWith(head));
  }

  /** And their leases, that no run stores any more; what one stores before its lease is gone is met by the next pass. */
  async #removeWhere(isWanted: (name: string) => boolean): Promise<void> {
    const { servers } = this.#calls;
    const start = leaseStart(this.#settings.keyPrefix);
    // Entries of a prefix that goes on with `:lease` begin alike.
    const isLease = (name: string) => name.startsWith(start) && isWanted(name.slice(start.length));
    const removeAll = (isOwn: (name: string) => boolean) =>
      Promise.all(servers.map((server) => removeWhere(server, isOwn, this.#calls.timeout)));
    // The lease of an entry may be on another server than that.
    if (servers.length > 1) await removeAll(isLease);
    await removeAll((name) => isWanted(name) || isLease(name));
  }
}

/** Deletes the keys that are `isOwn`, until there is none. @throws CacheUnavailableError */
async function removeWhere(server: Server, isOwn: (name: string) => boolean, timeout: number): Promise<void> {
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const names = await server.names(isOwn, timeout);
    if (names.length === 0) return;
    const replies = await server.exchange(names.map(remove), timeout);
    let removed = 0;
    for (const { line } of replies) {
      checkReply(line);
      if (line === 'DELETED') removed++;
    }
    if (removed === 0) return;
  }
}

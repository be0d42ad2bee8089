import type { Address } from '../core/engine.js';
import type { CacheUnavailableError } from '../core/errors.js';
import { whole } from '../core/partly-unavailable.js';
import { type Calls, itemsIn } from './calls.js';
import { AGAIN, type Changes } from './changes.js';
import { deleteUnchanged, getMany, remove, set } from './commands.js';
import type { Entries } from './entries.js';
import { checkReply, isStored } from './replies.js';
import { leaseName } from './side-names.js';

/** Entries that leave their keys. The leases of their loads go before: no run of any process that is under way stores any more. */
export class Removals {
  readonly #calls: Calls;
  readonly #entries: Entries;
  readonly #changes: Changes;
  readonly #keyPrefix: string;

  constructor(calls: Calls, entries: Entries, changes: Changes, keyPrefix: string) {
    this.#calls = calls;
    this.#entries = entries;
    this.#changes = changes;
    this.#keyPrefix = keyPrefix;
  }

  /** How many of them were there. */
  async removeMany(all: readonly string[]): Promise<number> {
    const { servers, timeout } = this.#calls;
    let count = 0;
    const leases = this.#removeLeases(all);
    // To one server what is sent first is done first.
    if (all.length > 1 || servers.length > 1) await leases;
    const removing = this.#calls.byServer(
      all,
      (name) => name,
      async (server, names) => {
        const reading = getMany(names);
        const replies = await server.exchange([...reading, ...names.map(remove)], timeout);
        const { answer: found, failure } = await this.#entries.foundIn(itemsIn(replies.slice(0, reading.length)));
        for (const [i, { line }] of replies.slice(reading.length).entries()) {
          checkReply(line);
          // Not there when it was read, and yet deleted: it was written in between.
          if (line === 'DELETED' && (found.get(names[i])?.isLive ?? true)) count++;
        }
        if (failure !== undefined) throw failure;
      },
    );
    const failures = await Promise.all([leases, removing]);
    return whole(count, failures[0] ?? failures[1]);
  }

  /** Copies, then deletes what has not changed since: on two servers it cannot be one step. */
  async move(from: Address, to: Address): Promise<boolean> {
    const failure = await this.#removeLeases([from.name, to.name]);
    if (failure !== undefined) throw failure;
    return this.#changes.untilSettled(from, async () => {
      const found = await this.#entries.findToChange(from.name);
      if (found === undefined || !found.isLive) return false;
      const { bytes, flags, unique } = found.item;
      const seconds = await this.#entries.secondsLeft(found);
      const [written] = await this.#calls.send(to.name, set(to.name, { bytes, flags, seconds }));
      isStored(written.line, to.name);
      const [removed] = await this.#calls.send(from.name, deleteUnchanged(from.name, unique));
      return removed.line === 'EXISTS' ? AGAIN : true;
    });
  }

  #removeLeases(names: readonly string[]): Promise<CacheUnavailableError | undefined> {
    return this.#calls.deleteMany(names.map((name) => leaseName(this.#keyPrefix, name)));
  }
}

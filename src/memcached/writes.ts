import type { Address, NewEntry } from '../core/engine.js';
import type { EntryExtras } from '../core/entry-extras.js';
import { whole } from '../core/partly-unavailable.js';
import type { HeldLease } from '../load/leases.js';
import type { Calls } from './calls.js';
import { AGAIN, type Changes } from './changes.js';
import { add, type Content, cas, deleteUnchanged, gets, set } from './commands.js';
import type { Contents } from './contents.js';
import type { Entries } from './entries.js';
import type { MemcachedLeaseServer } from './lease-server.js';
import { checkReply, isStored, refused } from './replies.js';
import type { TagVersions } from './tag-versions.js';

/** New entries, with the versions of their tags as they are. Each ttl is more than 0. */
export class Writes {
  readonly #calls: Calls;
  readonly #entries: Entries;
  readonly #changes: Changes;
  readonly #contents: Contents;
  readonly #tags: TagVersions;
  readonly #leaseServer: MemcachedLeaseServer;

  constructor(
    calls: Calls,
    entries: Entries,
    changes: Changes,
    contents: Contents,
    tags: TagVersions,
    leaseServer: MemcachedLeaseServer,
  ) {
    this.#calls = calls;
    this.#entries = entries;
    this.#changes = changes;
    this.#contents = contents;
    this.#tags = tags;
    this.#leaseServer = leaseServer;
  }

  async write({ name }: Address, sealed: unknown, ttl: number, extras: EntryExtras | undefined): Promise<void> {
    const content = extras === undefined ? this.#contents.of(sealed, ttl) : await this.#content(sealed, ttl, extras);
    const [{ line }] = await this.#calls.send(name, set(name, content));
    if (!isStored(line, name)) throw refused(line);
  }

  /** Whether the key was free. */
  async writeNew(at: Address, sealed: unknown, ttl: number, extras: EntryExtras | undefined): Promise<boolean> {
    const { name } = at;
    const content = await this.#content(sealed, ttl, extras);
    return this.#changes.untilSettled(at, async () => {
      const [added] = await this.#calls.send(name, add(name, content));
      if (isStored(added.line, name)) return true;
      const found = await this.#entries.findToChange(name);
      if (found === undefined) return AGAIN;
      if (found.isLive) return false;
      const [replaced] = await this.#calls.send(name, cas(name, content, found.item.unique));
      return isStored(replaced.line, name) ? true : AGAIN;
    });
  }

  /** Those that were not stored. */
  async writeMany(entries: readonly NewEntry[], ttl: number, extras: EntryExtras | undefined): Promise<Address[]> {
    const failed = new Set(entries.map(({ at }) => at));
    const versions = await this.#tags.obtain(extras?.tags ?? []);
    const failure = await this.#calls.byServer(
      entries,
      ({ at }) => at.name,
      async (server, own) => {
        const commands = own.map(({ at, sealed }) => set(at.name, this.#contents.of(sealed, ttl, extras, versions)));
        const replies = await server.exchange(commands, this.#calls.timeout);
        for (const [i, { line }] of replies.entries()) if (line === 'STORED') failed.delete(own[i].at);
      },
    );
    return whole([...failed], failure);
  }

  /**
   * Writes unless the lease is another's by now, or that one's value came between: it is looked whose it is after the
   * entry was read, and written only if nobody has written since. Where nothing stood there, a delete in between leaves no
   * trace but the lease, which it has removed before: then what was written is taken back.
   */
  async writeHolding(
    { key, token }: HeldLease,
    { name }: Address,
    sealed: unknown,
    ttl: number,
    extras: EntryExtras | undefined,
  ): Promise<boolean> {
    const content = await this.#content(sealed, ttl, extras);
    const [{ items, line }] = await this.#calls.send(name, gets(name));
    checkReply(line);
    if (!(await this.#leaseServer.isHeld(key, token))) return false;
    const [item] = items;
    const command = item === undefined ? add(name, content) : cas(name, content, item.unique);
    const [written] = await this.#calls.send(name, command);
    if (!isStored(written.line, name)) return false;
    if (item !== undefined || (await this.#leaseServer.isHeld(key, token))) return true;
    const [{ items: found }] = await this.#calls.send(name, gets(name));
    const own = found.find(({ bytes }) => bytes.equals(Buffer.from(content.bytes)));
    if (own !== undefined) await this.#calls.send(name, deleteUnchanged(name, own.unique));
    return false;
  }

  async #content(sealed: unknown, ttl: number, extras: EntryExtras | undefined): Promise<Content> {
    return this.#contents.of(sealed, ttl, extras, await this.#tags.obtain(extras?.tags ?? []));
  }
}

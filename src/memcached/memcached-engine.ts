import type { CacheSettings } from '../core/cache-options.js';
import type { Address, NewEntry, NotNumber, Timed } from '../core/engine.js';
import type { EntryExtras, Lease, Recalled } from '../core/entry-extras.js';
import { answerOf, whole } from '../core/partly-unavailable.js';
import type { ValueCodec } from '../encoding/value-codec.js';
import type { Flights } from '../load/flights.js';
import type { FarLoadingEngine } from '../load/loading-server-cache.js';
import { Calls } from './calls.js';
import { Changes, type Plan } from './changes.js';
import { Clearing } from './clearing.js';
import { cas, deleteUnchanged, remove } from './commands.js';
import { Contents } from './contents.js';
import { Counters } from './counters.js';
import { Entries } from './entries.js';
import type { Found } from './found.js';
import { MemcachedLeaseServer } from './lease-server.js';
import type { MemcachedSettings } from './memcached-options.js';
import { Removals } from './removals.js';
import { checkReply } from './replies.js';
import { closePool, openPool, type ServerPool } from './server-pool.js';
import { leaseName } from './side-names.js';
import { checkStoredName } from './stored-names.js';
import { TagVersions } from './tag-versions.js';
import { Writes } from './writes.js';

/**
 * The entries of one cache on memcached, by the text protocol.
 *
 * An entry whose time is over may still be on the server, for up to two seconds: whatever reads looks at the moment in its
 * flags, and what must not be overtaken writes by `cas`, which fails where somebody else has written since.
 */
export class MemcachedEngine implements FarLoadingEngine {
  readonly #settings: CacheSettings;
  readonly #memcached: MemcachedSettings;
  readonly #codec: ValueCodec;
  readonly #pool: ServerPool;
  readonly #calls: Calls;
  readonly #tags: TagVersions;
  readonly #leaseServer: MemcachedLeaseServer;
  readonly #contents: Contents;
  readonly #entries: Entries;
  readonly #changes: Changes;
  readonly #writes: Writes;
  readonly #counters: Counters;
  readonly #removals: Removals;
  readonly #clearing: Clearing;

  constructor(settings: CacheSettings, memcached: MemcachedSettings, codec: ValueCodec) {
    this.#settings = settings;
    this.#memcached = memcached;
    this.#codec = codec;
    const { keyPrefix } = settings;
    const { poolKey, addresses, connection, commandTimeout, clock } = memcached;
    const pool = openPool(poolKey, addresses, connection);
    const calls = new Calls(pool, commandTimeout);
    const tags = new TagVersions(calls, keyPrefix);
    const leaseServer = new MemcachedLeaseServer(calls);
    const contents = new Contents(clock);
    const entries = new Entries(calls, tags, clock);
    const changes = new Changes(calls, entries);
    this.#pool = pool;
    this.#calls = calls;
    this.#tags = tags;
    this.#leaseServer = leaseServer;
    this.#contents = contents;
    this.#entries = entries;
    this.#changes = changes;
    this.#writes = new Writes(calls, entries, changes, contents, tags, leaseServer);
    this.#counters = new Counters(pool, calls, entries, changes, codec);
    this.#removals = new Removals(calls, entries, changes, keyPrefix);
    this.#clearing = new Clearing(calls, settings);
  }

  get flights(): Flights {
    return this.#pool.flights;
  }

  async read({ name }: Address): Promise<unknown> {
    return this.#valueOf(await this.#entries.find(name));
  }

  async readMany(ats: readonly Address[]): Promise<unknown[]> {
    const { answer: all, failure } = await this.#entries.findMany(ats.map(nameOf));
    const values = ats.map(({ name }) => this.#valueOf(all.get(name)));
    return whole(values, failure);
  }

  /** Where another program has written the entry, the time that it has left is not known, and told as 0. */
  async readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    const { answer: all, failure } = await this.#entries.findMany(ats.map(nameOf));
    const timed = ats.map(({ name }) => {
      const found = all.get(name);
      const value = this.#valueOf(found);
      if (found === undefined || value === undefined) return undefined;
      const tags = found.extra?.envelope.tags;
      return { value, ttl: Math.max(0, found.left ?? 0), ...(tags && { tags }) };
    });
    return whole(timed, failure);
  }

  async recall({ name }: Address): Promise<Recalled | undefined> {
    const found = await this.#entries.find(name);
    if (found === undefined || !found.isThere) return undefined;
    const value = this.#codec.decode(found.sealed);
    if (value === undefined) return undefined;
    const { loadTime = 0, tags = [] } = found.extra?.envelope ?? {};
    return { value, left: found.left ?? Number.POSITIVE_INFINITY, loadTime, tags };
  }

  async contains({ name }: Address): Promise<boolean> {
    return (await this.#entries.find(name))?.isLive ?? false;
  }

  async write(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    if (ttl > 0) return this.#writes.write(at, sealed, ttl, extras);
    const [{ line }] = await this.#calls.send(at.name, remove(at.name));
    checkReply(line);
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    await this.storeLoaded(at, sealed, ttl, extras);
  }

  async storeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    if (!this.#pool.isOpen) return false;
    const lease = this.#pool.leases.of(at.name);
    if (lease === undefined) await this.write(at, sealed, ttl, extras);
    else if (ttl > 0) return this.#writes.writeHolding(lease, at, sealed, ttl, extras);
    else await this.removeLoaded(at);
    return true;
  }

  async removeLoaded(at: Address): Promise<boolean> {
    if (this.#pool.leases.of(at.name) === undefined) return this.remove(at);
    const plan = async ({ item }: Found): Promise<Plan<boolean>> =>
      (await this.#isHeldStill(at))
        ? { command: deleteUnchanged(at.name, item.unique), result: true }
        : { result: false };
    return this.#changes.change(at, false, plan, () => true);
  }

  /** Whether the run that loads this entry here, if one does, has its lease still: to be asked when the entry was read. */
  async #isHeldStill({ name }: Address): Promise<boolean> {
    const lease = this.#pool.leases.of(name);
    return lease === undefined || this.#leaseServer.isHeld(lease.key, lease.token);
  }

  async writeNew(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    return ttl > 0 ? this.#writes.writeNew(at, sealed, ttl, extras) : !(await this.contains(at));
  }

  async writeMany(entries: readonly NewEntry[], ttl: number, extras?: EntryExtras): Promise<Address[]> {
    if (ttl > 0) return this.#writes.writeMany(entries, ttl, extras);
    await this.removeMany(entries.map(({ at }) => at));
    return [];
  }

  /** memcached changes no part of a value: it is read and written again. */
  renew(at: Address, ttl: number, staleFor: number): Promise<boolean> {
    return this.#changes.change(
      at,
      false,
      async (found): Promise<Plan<boolean>> => {
        if (!(await this.#isHeldStill(at))) return { result: false };
        const content = this.#contents.renewed(found, ttl, staleFor);
        return { command: cas(at.name, content, found.item.unique), result: true };
      },
      ({ isThere }) => isThere,
    );
  }

  prolong(at: Address, ttl: number): Promise<boolean> {
    return this.#changes.change(at, false, (found) => {
      const { unique } = found.item;
      const command =
        ttl > 0 ? cas(at.name, this.#contents.prolonged(found, ttl), unique) : deleteUnchanged(at.name, unique);
      return { command, result: true };
    });
  }

  increase(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#counters.increase(at, delta);
  }

  removeTags(tags: readonly string[]): Promise<void> {
    return this.#tags.removeAll(tags);
  }

  takeLease({ name }: Address): Promise<Lease | undefined> {
    return this.#pool.leases.take(name, leaseName(this.#settings.keyPrefix, name), this.#leaseServer);
  }

  async remove({ name }: Address): Promise<boolean> {
    const { answer, failure } = await answerOf(this.#removals.removeMany([name]));
    return whole(answer > 0, failure);
  }

  removeMany(ats: readonly Address[]): Promise<number> {
    return this.#removals.removeMany(ats.map(nameOf));
  }

  move(from: Address, to: Address): Promise<boolean> {
    return from.name === to.name ? this.contains(from) : this.#removals.move(from, to);
  }

  removeAll(): Promise<void> {
    return this.#clearing.removeAll();
  }

  removeUnder(head: string): Promise<void> {
    return this.#clearing.removeUnder(head);
  }

  seal(value: unknown): unknown {
    return this.#codec.encode(value);
  }

  unseal(sealed: unknown): unknown {
    return this.#codec.unseal(sealed as string | Buffer);
  }

  checkName(name: string): void {
    checkStoredName(name);
  }

  async close(): Promise<void> {
    await this.#changes.ended();
    await closePool(this.#memcached.poolKey, this.#pool);
  }

  #valueOf(found: Found | undefined): unknown {
    return found?.isLive ? this.#codec.decode(found.sealed) : undefined;
  }
}

function nameOf({ name }: Address): string {
  return name;
}

import type { CacheSettings } from '../core/cache-options.js';
import { type Clock, systemClock } from '../core/clock.js';
import { type Address, type NewEntry, NotNumber, type Timed } from '../core/engine.js';
import type { EntryExtras, Lease, Recalled } from '../core/entry-extras.js';
import { CacheUnavailableError, show } from '../core/errors.js';
import { answerOf, gather, whole } from '../core/partly-unavailable.js';
import { storedKeys } from '../core/stored-keys.js';
import { isEnvelope, storedStaleFor } from '../encoding/envelope.js';
import type { ValueCodec } from '../encoding/value-codec.js';
import type { Flights } from '../load/flights.js';
import type { HeldLease } from '../load/leases.js';
import type { FarLoadingEngine } from '../load/loading-server-cache.js';
import {
  add,
  askTtl,
  type Content,
  cas,
  deleteUnchanged,
  FLUSH_ALL,
  get,
  getMany,
  gets,
  increment,
  remove,
  set,
} from './commands.js';
import type { Command, Item, Reply } from './exchange.js';
import { expiryFlags, foreignFlags, remainingTtl, serverTtl } from './expiry.js';
import { type ExtraEntry, extraBytes, readExtraBytes, withExpiry, withStaleFor } from './extra-bytes.js';
import { MemcachedLeaseServer } from './lease-server.js';
import type { MemcachedSettings } from './memcached-options.js';
import { checkReply, isStored, refused } from './replies.js';
import type { Server } from './server.js';
import { closePool, openPool, type ServerPool } from './server-pool.js';
import { leaseName, leaseStart } from './side-names.js';
import { checkStoredName, removeWhere } from './stored-names.js';
import { TagVersions } from './tag-versions.js';

/** The server counts modulo 2⁶⁴. */
const SERVER_MODULUS = 2 ** 64;

/** Somebody came between: try again. */
const AGAIN: unique symbol = Symbol('again');

/** What is to be made of an entry, and what the caller is told when it is done. */
interface Plan<T> {
  readonly command?: Command;
  readonly result: T;
}

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
  readonly #clock: Clock;
  readonly #timeout: number;
  /** What takes more than one step. */
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #tags: TagVersions;
  readonly #leaseServer: MemcachedLeaseServer;
  /** Items of which a tag was deleted: over, and more than that. */
  readonly #dead = new WeakSet<Item>();

  constructor(settings: CacheSettings, memcached: MemcachedSettings, codec: ValueCodec) {
    this.#settings = settings;
    this.#memcached = memcached;
    this.#codec = codec;
    this.#clock = memcached.clock;
    this.#timeout = memcached.commandTimeout;
    this.#pool = openPool(memcached.poolKey, memcached.addresses, memcached.connection);
    this.#tags = new TagVersions(this.#pool, settings.keyPrefix, this.#timeout);
    this.#leaseServer = new MemcachedLeaseServer(this.#pool, this.#timeout);
  }

  get flights(): Flights {
    return this.#pool.flights;
  }

  async read(at: Address): Promise<unknown> {
    return this.#valueOf(await this.#item(at, get(at.name)));
  }

  async readMany(ats: readonly Address[]): Promise<unknown[]> {
    const { items, failure } = await this.#itemsOf(ats);
    return whole(
      ats.map(({ name }) => this.#valueOf(items.get(name))),
      failure,
    );
  }

  /** Where another program has written the entry, the time that it has left is not known, and told as 0. */
  async readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    const { items, failure } = await this.#itemsOf(ats);
    const timed = ats.map(({ name }) => {
      const item = items.get(name);
      const value = this.#valueOf(item);
      if (item === undefined || value === undefined) return undefined;
      const tags = readExtraBytes(item.bytes)?.envelope.tags;
      return { value, ttl: Math.max(0, this.#remaining(item) ?? 0), ...(tags && { tags }) };
    });
    return whole(timed, failure);
  }

  async write(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    if (ttl <= 0) {
      const [reply] = await this.#send(at, remove(at.name));
      return checkReply(reply.line);
    }
    const content = extras === undefined ? this.#content(sealed, ttl) : await this.#contentWith(sealed, ttl, extras);
    const [reply] = await this.#send(at, set(at.name, content));
    if (!isStored(reply.line, at.name)) throw refused(reply.line);
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    await this.storeLoaded(at, sealed, ttl, extras);
  }

  async storeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    if (!this.#pool.isOpen) return false;
    const lease = this.#pool.leases.of(at.name);
    if (lease !== undefined && ttl > 0) {
      return this.#writeHolding(lease, at, await this.#contentWith(sealed, ttl, extras));
    }
    await this.write(at, sealed, ttl, extras);
    return true;
  }

  /**
   * Writes unless the lease is another's by now, or that one's value came between: it is looked whose it is after the
   * entry was read, and written only if nobody has written since. Where nothing stood there, a delete in between leaves no
   * trace but the lease, which it has removed before: then what was written is taken back.
   */
  async #writeHolding({ key, token }: HeldLease, at: Address, content: Content): Promise<boolean> {
    const [{ items, line }] = await this.#send(at, gets(at.name));
    checkReply(line);
    if (!(await this.#leaseServer.isHeld(key, token))) return false;
    const [item] = items;
    const command = item === undefined ? add(at.name, content) : cas(at.name, content, item.unique);
    const [written] = await this.#send(at, command);
    if (!isStored(written.line, at.name)) return false;
    if (item !== undefined || (await this.#leaseServer.isHeld(key, token))) return true;
    const [{ items: found }] = await this.#send(at, gets(at.name));
    const own = found.find(({ bytes }) => bytes.equals(Buffer.from(content.bytes)));
    if (own !== undefined) await this.#send(at, deleteUnchanged(at.name, own.unique));
    return false;
  }

  async writeNew(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    if (ttl <= 0) return !(await this.contains(at));
    const content = await this.#contentWith(sealed, ttl, extras);
    return this.#untilSettled(at, async () => {
      const [added] = await this.#send(at, add(at.name, content));
      if (isStored(added.line, at.name)) return true;
      const item = await this.#item(at, gets(at.name));
      if (item === undefined) return AGAIN;
      if (!this.#isOver(item)) return false;
      const [replaced] = await this.#send(at, cas(at.name, content, item.unique));
      return isStored(replaced.line, at.name) ? true : AGAIN;
    });
  }

  async writeMany(entries: readonly NewEntry[], ttl: number, extras?: EntryExtras): Promise<Address[]> {
    if (ttl <= 0) {
      await this.removeMany(entries.map(({ at }) => at));
      return [];
    }
    const failed = new Set(entries.map(({ at }) => at));
    const versions = await this.#tags.obtain(extras?.tags ?? []);
    const failure = await this.#byServer(
      entries,
      ({ at }) => at.name,
      async (server, own) => {
        const commands = own.map(({ at, sealed }) => set(at.name, this.#content(sealed, ttl, extras, versions)));
        const replies = await server.exchange(commands, this.#timeout);
        for (const [i, { line }] of replies.entries()) if (line === 'STORED') failed.delete(own[i].at);
      },
    );
    return whole([...failed], failure);
  }

  async recall(at: Address): Promise<Recalled | undefined> {
    const item = await this.#item(at, get(at.name));
    if (item === undefined || !this.#isThere(item)) return undefined;
    const extra = readExtraBytes(item.bytes);
    const value = this.#decode(item.bytes, extra);
    if (value === undefined) return undefined;
    const { loadTime = 0, tags = [] } = extra?.envelope ?? {};
    return { value, left: this.#remaining(item) ?? Number.POSITIVE_INFINITY, loadTime, tags };
  }

  /** memcached changes no part of a value: it is read and written again. */
  renew(at: Address, ttl: number, staleFor: number): Promise<boolean> {
    const plan = (item: Item): Plan<boolean> => {
      const extra = readExtraBytes(item.bytes);
      const stale = storedStaleFor(staleFor);
      const content = this.#content(extra?.sealed ?? item.bytes, ttl);
      if (extra === undefined && stale === 0) {
        return {
          command: cas(at.name, { ...content, flags: content.flags + foreignFlags(item.flags) }, item.unique),
          result: true,
        };
      }
      const bytes = withStaleFor(extra, item.bytes, this.#clock.now() + ttl, stale);
      return { command: cas(at.name, this.#extraContent(bytes, ttl + stale), item.unique), result: true };
    };
    return this.#change(at, false, plan, (item) => this.#isThere(item));
  }

  removeTags(tags: readonly string[]): Promise<void> {
    return this.#tags.removeAll(tags);
  }

  takeLease({ name }: Address): Promise<Lease | undefined> {
    return this.#pool.leases.take(name, leaseName(this.#settings.keyPrefix, name), this.#leaseServer);
  }

  async contains(at: Address): Promise<boolean> {
    return this.#isLive(await this.#item(at, get(at.name)));
  }

  async remove(at: Address): Promise<boolean> {
    const { answer, failure } = await answerOf(this.removeMany([at]));
    return whole(answer > 0, failure);
  }

  async removeMany(ats: readonly Address[]): Promise<number> {
    let count = 0;
    const leases = this.#removeLeases(ats);
    // To one server what is sent first is done first.
    if (ats.length > 1 || this.#pool.servers.length > 1) await leases;
    const removing = this.#byServer(ats, nameOf, async (server, own) => {
      const names = own.map(nameOf);
      const reading = getMany(names);
      const replies = await server.exchange([...reading, ...names.map(remove)], this.#timeout);
      const items = byName(replies.slice(0, reading.length));
      await this.#lookUpTags([...items.values()]);
      for (const [i, { line }] of replies.slice(reading.length).entries()) {
        checkReply(line);
        const item = items.get(names[i]);
        // Not there when it was read, and yet deleted: it was written in between.
        if (line === 'DELETED' && (item === undefined || this.#isLive(item))) count++;
      }
    });
    const failures = await Promise.all([leases, removing]);
    return whole(count, failures[0] ?? failures[1]);
  }

  async prolong(at: Address, ttl: number): Promise<boolean> {
    return this.#change(at, false, (item) => {
      if (ttl <= 0) return { command: deleteUnchanged(at.name, item.unique), result: true };
      const extra = readExtraBytes(item.bytes);
      if (extra !== undefined) {
        const bytes = withExpiry(extra, this.#clock.now() + ttl);
        const content = this.#extraContent(bytes, ttl + extra.envelope.staleFor);
        return { command: cas(at.name, content, item.unique), result: true };
      }
      const content = this.#content(item.bytes, ttl);
      const flags = content.flags + foreignFlags(item.flags);
      return { command: cas(at.name, { ...content, flags }, item.unique), result: true };
    });
  }

  async increase(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    if (!Number.isSafeInteger(delta) || delta < 0) return this.#increaseByCas(at, delta);
    // What the server can do by itself nobody comes between.
    const [read, added] = await this.#send(at, get(at.name), increment(at.name, delta));
    if (added.line === 'NOT_FOUND') return undefined;
    if (!/^\d+$/.test(added.line)) return this.#increaseByCas(at, delta);
    const sum = Number(added.line);
    if (sum < delta) return this.#increaseByCas(at, SERVER_MODULUS);
    const [item] = read.items;
    // It was over, and nobody sees the sum; unless it was written anew in between.
    if (item !== undefined && !this.#isLive(item) && !(await this.contains(at))) return undefined;
    return sum;
  }

  /** Copies, then deletes what has not changed since: on two servers it cannot be one step. */
  async move(from: Address, to: Address): Promise<boolean> {
    if (from.name === to.name) return this.contains(from);
    const failure = await this.#removeLeases([from, to]);
    if (failure !== undefined) throw failure;
    return this.#untilSettled(from, async () => {
      const item = await this.#item(from, gets(from.name));
      if (!this.#isLive(item)) return false;
      const { bytes, flags } = item;
      const [written] = await this.#send(
        to,
        set(to.name, { bytes, flags, seconds: await this.#secondsLeft(from, item) }),
      );
      isStored(written.line, to.name);
      const [removed] = await this.#send(from, deleteUnchanged(from.name, item.unique));
      return removed.line === 'EXISTS' ? AGAIN : true;
    });
  }

  async removeAll(): Promise<void> {
    const { servers } = this.#pool;
    if (this.#settings.keyPrefix === '') {
      const replies = await Promise.all(servers.map((server) => server.exchange([FLUSH_ALL], this.#timeout)));
      for (const [{ line }] of replies) checkReply(line);
      return;
    }
    const { isOurs } = storedKeys(this.#settings);
    await this.#removeWhere(isOurs);
  }

  async removeUnder(head: string): Promise<void> {
    await this.#removeWhere((name) => name.startsWith(head));
  }

  seal(value: unknown): unknown {
    return this.#codec.encode(value);
  }

  unseal(sealed: unknown): unknown {
    return this.#codec.decode(typeof sealed === 'string' ? Buffer.from(sealed) : (sealed as Buffer));
  }

  checkName(name: string): void {
    checkStoredName(name);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await closePool(this.#memcached.poolKey, this.#pool);
  }

  /** What goes before the entries: no run of any process that is under way stores any more. */
  #removeLeases(ats: readonly Address[]): Promise<CacheUnavailableError | undefined> {
    const names = ats.map(({ name }) => leaseName(this.#settings.keyPrefix, name));
    return this.#byServer(
      names,
      (name) => name,
      async (server, own) => {
        for (const { line } of await server.exchange(own.map(remove), this.#timeout)) checkReply(line);
      },
    );
  }

  /** And their leases, for the same reason; what a run stores before its lease is gone is met by the next pass. */
  async #removeWhere(isWanted: (name: string) => boolean): Promise<void> {
    const { servers } = this.#pool;
    const start = leaseStart(this.#settings.keyPrefix);
    // Entries of a prefix that goes on with `:lease` begin alike.
    const isLease = (name: string) => name.startsWith(start) && isWanted(name.slice(start.length));
    const removeAll = (isOwn: (name: string) => boolean) =>
      Promise.all(servers.map((server) => removeWhere(server, isOwn, this.#timeout)));
    // The lease of an entry may be on another server than that.
    if (servers.length > 1) await removeAll(isLease);
    await removeAll((name) => isWanted(name) || isLease(name));
  }

  #increaseByCas(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#pool.inTurn(at.name, () =>
      this.#change<number | NotNumber | undefined>(at, undefined, async (item) => {
        const extra = readExtraBytes(item.bytes);
        const value = this.#decode(item.bytes, extra);
        if (value === undefined) return { result: undefined };
        if (typeof value !== 'number') return { result: new NotNumber(value) };
        const result = value + delta;
        const text = String(this.#codec.encode(result));
        const bytes = extra === undefined ? text : withExpiry(extra, extra.expires, text);
        const seconds = await this.#secondsLeft(at, item);
        return { command: cas(at.name, { bytes, flags: item.flags, seconds }, item.unique), result };
      }),
    );
  }

  /** Reads an entry and writes by `cas` what is planned, as often as somebody comes between. */
  #change<T>(
    at: Address,
    missing: T,
    plan: (item: Item) => Plan<T> | Promise<Plan<T>>,
    isMeant: (item: Item) => boolean = (item) => !this.#isOver(item),
  ): Promise<T> {
    return this.#untilSettled(at, async () => {
      const item = await this.#item(at, gets(at.name));
      if (item === undefined || !isMeant(item)) return missing;
      const { command, result } = await plan(item);
      if (command === undefined) return result;
      const [written] = await this.#send(at, command);
      if (written.line === 'NOT_FOUND') return missing;
      return isStored(written.line, at.name) ? result : AGAIN;
    });
  }

  /** @throws CacheUnavailableError where others came between for as long as one waits for an answer. */
  async #untilSettled<T>(at: Address, attempt: () => Promise<T | typeof AGAIN>): Promise<T> {
    const settling = this.#attempts(at, attempt);
    this.#underWay.add(settling);
    try {
      return await settling;
    } finally {
      this.#underWay.delete(settling);
    }
  }

  async #attempts<T>(at: Address, attempt: () => Promise<T | typeof AGAIN>): Promise<T> {
    const end = performance.now() + this.#timeout;
    for (;;) {
      const result = await attempt();
      if (result !== AGAIN) return result;
      if (performance.now() > end) {
        throw new CacheUnavailableError(
          `The entry at ${show(at.key)} is changed by others all the time: no chance in ${this.#timeout} ms.`,
        );
      }
    }
  }

  #send(at: Address, ...commands: Command[]): Promise<Reply[]> {
    return this.#pool.serverOf(at.name).exchange(commands, this.#timeout);
  }

  /** What one `get` or `gets` finds. */
  async #item(at: Address, command: Command): Promise<Item | undefined> {
    const [{ items, line }] = await this.#send(at, command);
    checkReply(line);
    const [item] = items;
    if (item !== undefined && isEnvelope(item.bytes)) await this.#lookUpTags(items);
    return item;
  }

  /** Notes those of which a tag was deleted, at the cost of one more step where there are any with tags. */
  async #lookUpTags(items: readonly Item[]): Promise<void> {
    const tagged = items.flatMap((item) => {
      const envelope = isEnvelope(item.bytes) ? readExtraBytes(item.bytes)?.envelope : undefined;
      return envelope !== undefined && envelope.tags.length > 0 ? [{ item, envelope }] : [];
    });
    if (tagged.length === 0) return;
    const alive = await this.#tags.areAlive(tagged.map(({ envelope }) => envelope));
    for (const [i, { item }] of tagged.entries()) if (!alive[i]) this.#dead.add(item);
  }

  /** What is there, of the servers that answer. */
  async #itemsOf(ats: readonly Address[]): Promise<{ items: Map<string, Item>; failure?: CacheUnavailableError }> {
    const replies: Reply[] = [];
    const failure = await this.#byServer(ats, nameOf, async (server, own) => {
      replies.push(...(await server.exchange(getMany(own.map(nameOf)), this.#timeout)));
    });
    const items = byName(replies);
    await this.#lookUpTags([...items.values()]);
    return { items, ...(failure && { failure }) };
  }

  /** Runs once for each server, with those of its keys. @returns why one of them did not answer, if one did not. */
  async #byServer<T>(
    all: readonly T[],
    nameOf: (one: T) => string,
    run: (server: Server, own: T[]) => Promise<void>,
  ): Promise<CacheUnavailableError | undefined> {
    const { failure } = await gather(this.#pool.grouped(all, nameOf), ([server, own]) => run(server, own));
    return failure;
  }

  #content(sealed: unknown, ttl: number, extras?: EntryExtras, versions: readonly Buffer[] = []): Content {
    const now = this.#clock.now();
    if (extras !== undefined && (extras.staleFor > 0 || extras.loadTime > 0 || extras.tags.length > 0)) {
      const bytes = extraBytes(extras, versions, now + ttl, sealed as string | Buffer);
      return this.#extraContent(bytes, ttl + storedStaleFor(extras.staleFor));
    }
    return { bytes: sealed as string | Buffer, flags: expiryFlags(ttl, now), seconds: this.#seconds(ttl) };
  }

  /** The same with the versions of its tags as they are. */
  async #contentWith(sealed: unknown, ttl: number, extras: EntryExtras | undefined): Promise<Content> {
    const tags = extras?.tags ?? [];
    return this.#content(sealed, ttl, extras, tags.length === 0 ? [] : await this.#tags.obtain(tags));
  }

  /** @param ttl until the server may forget it. */
  #extraContent(bytes: Buffer, ttl: number): Content {
    return { bytes, flags: 0, seconds: this.#seconds(ttl) };
  }

  /** By another clock than the machine's the server knows nothing: it keeps all. */
  #seconds(ttl: number): number {
    return this.#clock === systemClock ? serverTtl(ttl, Date.now()) : 0;
  }

  #remaining(item: Item): number | undefined {
    const extra = readExtraBytes(item.bytes);
    if (extra !== undefined) return extra.expires - this.#clock.now();
    return remainingTtl(item.flags, this.#clock.now());
  }

  #isLive(item: Item | undefined): item is Item {
    return item !== undefined && !this.#isOver(item);
  }

  #isOver(item: Item): boolean {
    if (this.#dead.has(item)) return true;
    const remaining = this.#remaining(item);
    return remaining !== undefined && remaining <= 0;
  }

  #valueOf(item: Item | undefined): unknown {
    return this.#isLive(item) ? this.#decode(item.bytes, readExtraBytes(item.bytes)) : undefined;
  }

  /** Whether it is live or stale. */
  #isThere(item: Item): boolean {
    if (this.#dead.has(item)) return false;
    const remaining = this.#remaining(item);
    return remaining === undefined || remaining + (readExtraBytes(item.bytes)?.envelope.staleFor ?? 0) > 0;
  }

  #decode(bytes: Buffer, extra: ExtraEntry | undefined): unknown {
    return this.#codec.decode(extra?.sealed ?? bytes);
  }

  /** What is left of an entry's ttl, for the server: as it says itself where another program has written the entry. */
  async #secondsLeft(at: Address, item: Item): Promise<number> {
    const remaining = this.#remaining(item);
    const { staleFor = 0 } = readExtraBytes(item.bytes)?.envelope ?? {};
    if (remaining !== undefined) return this.#seconds(remaining + staleFor);
    const [{ line }] = await this.#send(at, askTtl(at.name));
    const seconds = Number(/^HD t(-?\d+)/.exec(line)?.[1]);
    return seconds > 0 ? serverTtl((seconds - 1) * 1000, Date.now()) : 0;
  }
}

function nameOf({ name }: Address): string {
  return name;
}

function byName(replies: readonly Reply[]): Map<string, Item> {
  const items = new Map<string, Item>();
  for (const { items: found, line } of replies) {
    checkReply(line);
    for (const item of found) items.set(item.name, item);
  }
  return items;
}

import type { CacheSettings } from '../core/cache-options.js';
import { type Clock, systemClock } from '../core/clock.js';
import { type Address, type NewEntry, NotNumber, type Timed } from '../core/engine.js';
import { CacheUnavailableError, show } from '../core/errors.js';
import { storedKeys } from '../core/stored-keys.js';
import type { ValueCodec } from '../encoding/value-codec.js';
import type { Flights } from '../load/flights.js';
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
import type { MemcachedSettings } from './memcached-options.js';
import { checkReply, isStored, refused } from './replies.js';
import type { Server } from './server.js';
import { closePool, openPool, type ServerPool } from './server-pool.js';
import { checkStoredName, removeWhere } from './stored-names.js';

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

  constructor(settings: CacheSettings, memcached: MemcachedSettings, codec: ValueCodec) {
    this.#settings = settings;
    this.#memcached = memcached;
    this.#codec = codec;
    this.#clock = memcached.clock;
    this.#timeout = memcached.commandTimeout;
    this.#pool = openPool(memcached.poolKey, memcached.addresses, memcached.connection);
  }

  get flights(): Flights {
    return this.#pool.flights;
  }

  async read(at: Address): Promise<unknown> {
    return this.#valueOf(await this.#item(at, get(at.name)));
  }

  async readMany(ats: readonly Address[]): Promise<unknown[]> {
    const items = await this.#itemsOf(ats);
    return ats.map(({ name }) => this.#valueOf(items.get(name)));
  }

  /** Where another program has written the entry, the time that it has left is not known, and told as 0. */
  async readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    const items = await this.#itemsOf(ats);
    return ats.map(({ name }) => {
      const item = items.get(name);
      const value = this.#valueOf(item);
      if (item === undefined || value === undefined) return undefined;
      return { value, ttl: Math.max(0, this.#remaining(item) ?? 0) };
    });
  }

  async write(at: Address, sealed: unknown, ttl: number): Promise<void> {
    if (ttl <= 0) {
      const [reply] = await this.#send(at, remove(at.name));
      return checkReply(reply.line);
    }
    const [reply] = await this.#send(at, set(at.name, this.#content(sealed, ttl)));
    if (!isStored(reply.line, at.name)) throw refused(reply.line);
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number): Promise<void> {
    if (this.#pool.isOpen) await this.write(at, sealed, ttl);
  }

  async writeNew(at: Address, sealed: unknown, ttl: number): Promise<boolean> {
    if (ttl <= 0) return !(await this.contains(at));
    const content = this.#content(sealed, ttl);
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

  async writeMany(entries: readonly NewEntry[], ttl: number): Promise<Address[]> {
    if (ttl <= 0) {
      await this.removeMany(entries.map(({ at }) => at));
      return [];
    }
    const failed: Address[] = [];
    await this.#byServer(
      entries,
      ({ at }) => at.name,
      async (server, own) => {
        const commands = own.map(({ at, sealed }) => set(at.name, this.#content(sealed, ttl)));
        const replies = await server.exchange(commands, this.#timeout);
        for (const [i, { line }] of replies.entries()) if (line !== 'STORED') failed.push(own[i].at);
      },
    );
    return failed;
  }

  recall(): never {
    throw new Error('to be written');
  }

  renew(): never {
    throw new Error('to be written');
  }

  removeTags(): never {
    throw new Error('to be written');
  }

  async contains(at: Address): Promise<boolean> {
    return this.#isLive(await this.#item(at, get(at.name)));
  }

  async remove(at: Address): Promise<boolean> {
    return (await this.removeMany([at])) > 0;
  }

  async removeMany(ats: readonly Address[]): Promise<number> {
    let count = 0;
    await this.#byServer(ats, nameOf, async (server, own) => {
      const names = own.map(nameOf);
      const reading = getMany(names);
      const replies = await server.exchange([...reading, ...names.map(remove)], this.#timeout);
      const items = byName(replies.slice(0, reading.length));
      for (const [i, { line }] of replies.slice(reading.length).entries()) {
        checkReply(line);
        const item = items.get(names[i]);
        // Not there when it was read, and yet deleted: it was written in between.
        if (line === 'DELETED' && (item === undefined || this.#isLive(item))) count++;
      }
    });
    return count;
  }

  async prolong(at: Address, ttl: number): Promise<boolean> {
    return this.#change(at, false, (item) => {
      if (ttl <= 0) return { command: deleteUnchanged(at.name, item.unique), result: true };
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

  async #removeWhere(isWanted: (name: string) => boolean): Promise<void> {
    await Promise.all(this.#pool.servers.map((server) => removeWhere(server, isWanted, this.#timeout)));
  }

  #increaseByCas(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#pool.inTurn(at.name, () =>
      this.#change<number | NotNumber | undefined>(at, undefined, async (item) => {
        const value = this.#codec.decode(item.bytes);
        if (value === undefined) return { result: undefined };
        if (typeof value !== 'number') return { result: new NotNumber(value) };
        const result = value + delta;
        const bytes = String(this.#codec.encode(result));
        const seconds = await this.#secondsLeft(at, item);
        return { command: cas(at.name, { bytes, flags: item.flags, seconds }, item.unique), result };
      }),
    );
  }

  /** Reads an entry and writes by `cas` what is planned, as often as somebody comes between. */
  #change<T>(at: Address, missing: T, plan: (item: Item) => Plan<T> | Promise<Plan<T>>): Promise<T> {
    return this.#untilSettled(at, async () => {
      const item = await this.#item(at, gets(at.name));
      if (!this.#isLive(item)) return missing;
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
    return items[0];
  }

  async #itemsOf(ats: readonly Address[]): Promise<Map<string, Item>> {
    const replies: Reply[] = [];
    await this.#byServer(ats, nameOf, async (server, own) => {
      replies.push(...(await server.exchange(getMany(own.map(nameOf)), this.#timeout)));
    });
    return byName(replies);
  }

  /** Runs once for each server, with those of its keys. */
  async #byServer<T>(all: readonly T[], nameOf: (one: T) => string, run: (server: Server, own: T[]) => Promise<void>) {
    const groups = [...this.#pool.grouped(all, nameOf)];
    await Promise.all(groups.map(([server, own]) => run(server, own)));
  }

  #content(sealed: unknown, ttl: number): Content {
    return {
      bytes: sealed as string | Buffer,
      flags: expiryFlags(ttl, this.#clock.now()),
      seconds: this.#seconds(ttl),
    };
  }

  /** By another clock than the machine's the server knows nothing: it keeps all. */
  #seconds(ttl: number): number {
    return this.#clock === systemClock ? serverTtl(ttl, Date.now()) : 0;
  }

  #remaining(item: Item): number | undefined {
    return remainingTtl(item.flags, this.#clock.now());
  }

  #isLive(item: Item | undefined): item is Item {
    return item !== undefined && !this.#isOver(item);
  }

  #isOver(item: Item): boolean {
    const remaining = this.#remaining(item);
    return remaining !== undefined && remaining <= 0;
  }

  #valueOf(item: Item | undefined): unknown {
    return this.#isLive(item) ? this.#codec.decode(item.bytes) : undefined;
  }

  /** What is left of an entry's ttl, for the server: as it says itself where another program has written the entry. */
  async #secondsLeft(at: Address, item: Item): Promise<number> {
    const remaining = this.#remaining(item);
    if (remaining !== undefined) return this.#seconds(remaining);
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

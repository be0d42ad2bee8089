import type { CacheOptions } from 'locmem';
import { readCacheOptions } from '#dist/core/cache-options.js';
import { type Address, type NewEntry, NotNumber } from '#dist/core/engine.js';
import type { EntryExtras, Lease, Recalled } from '#dist/core/entry-extras.js';
import { CacheUnavailableError, ValueTooLargeError } from '#dist/core/errors.js';
import { sealCopy, unsealCopy } from '#dist/core/snapshot.js';
import { Flights } from '#dist/load/flights.js';
import { type LoadingEngine, LoadingServerCache } from '#dist/load/loading-server-cache.js';
import { ManualClock } from '../conformance/manual-clock.js';

interface Row extends EntryExtras {
  sealed: unknown;
  expires: number;
}

const NO_EXTRAS: EntryExtras = { staleFor: 0, loadTime: 0, tags: [] };

/** A process that has caches on a server: what they share. */
export class MemoryProcess {
  readonly flights = new Flights();
  users = 0;
}

/** A server in this process, every answer of which takes a turn of the loop: shared by all caches that are given it. */
export class MemoryServer {
  readonly rows = new Map<string, Row>();
  /** Who holds the lease of a name. */
  readonly leases = new Map<string, MemoryProcess>();
  /** Where its caches are, unless they are told. */
  readonly process = new MemoryProcess();
  readonly clock = new ManualClock();
  /** What it was asked, in order. */
  readonly calls: string[] = [];
  /** Names that it refuses to store, as too large. */
  readonly refused = new Set<string>();
  isDown = false;

  async ask<T>(call: string, answer: () => T): Promise<T> {
    this.calls.push(call);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isDown) throw new CacheUnavailableError('The server is down.');
    return answer();
  }

  live(name: string): Row | undefined {
    const row = this.rows.get(name);
    return row !== undefined && row.expires > this.clock.time ? row : undefined;
  }

  /** The row, also where it is stale. */
  recall(name: string): Row | undefined {
    const row = this.rows.get(name);
    return row !== undefined && row.expires + row.staleFor > this.clock.time ? row : undefined;
  }

  put(name: string, sealed: unknown, ttl: number, { staleFor, loadTime, tags } = NO_EXTRAS): void {
    if (this.refused.has(name)) throw new ValueTooLargeError('Too large.');
    if (ttl > 0) this.rows.set(name, { sealed, expires: this.clock.time + ttl, staleFor, loadTime, tags });
    else this.rows.delete(name);
  }
}

class MemoryEngine implements LoadingEngine {
  readonly #server: MemoryServer;
  readonly #process: MemoryProcess;
  readonly #prefix: string;

  constructor(server: MemoryServer, process: MemoryProcess, prefix: string) {
    this.#server = server;
    this.#process = process;
    this.#prefix = prefix;
    process.users++;
  }

  get flights(): Flights {
    return this.#process.flights;
  }

  read(at: Address): Promise<unknown> {
    return this.#server.ask('read', () => this.unseal(this.#server.live(at.name)?.sealed));
  }

  readMany(ats: readonly Address[]): Promise<unknown[]> {
    return this.#server.ask('readMany', () => ats.map(({ name }) => this.unseal(this.#server.live(name)?.sealed)));
  }

  write(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    return this.#server.ask('write', () => this.#server.put(at.name, sealed, ttl, extras));
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    if (this.#process.users > 0) await this.write(at, sealed, ttl, extras);
  }

  writeNew(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    return this.#server.ask('writeNew', () => {
      if (this.#server.live(at.name) !== undefined) return false;
      this.#server.put(at.name, sealed, ttl, extras);
      return true;
    });
  }

  writeMany(entries: readonly NewEntry[], ttl: number, extras?: EntryExtras): Promise<Address[]> {
    return this.#server.ask('writeMany', () => {
      const taken = entries.filter(({ at }) => !this.#server.refused.has(at.name));
      for (const { at, sealed } of taken) this.#server.put(at.name, sealed, ttl, extras);
      return entries.filter((entry) => !taken.includes(entry)).map(({ at }) => at);
    });
  }

  removeLoaded(at: Address): Promise<boolean> {
    return this.remove(at);
  }

  recall(at: Address): Promise<Recalled | undefined> {
    return this.#server.ask('recall', () => {
      const row = this.#server.recall(at.name);
      if (row === undefined) return undefined;
      const { sealed, expires, loadTime, tags } = row;
      return { value: this.unseal(sealed), left: expires - this.#server.clock.time, loadTime, tags };
    });
  }

  renew(at: Address, ttl: number, staleFor: number): Promise<boolean> {
    return this.#server.ask('renew', () => {
      const row = this.#server.recall(at.name);
      if (row !== undefined) this.#server.put(at.name, row.sealed, ttl, { ...row, staleFor });
      return row !== undefined;
    });
  }

  removeTags(tags: readonly string[]): Promise<void> {
    return this.#server.ask('removeTags', () => {
      for (const [name, row] of this.#server.rows) {
        if (this.#owns(name) && row.tags.some((tag) => tags.includes(tag))) this.#server.rows.delete(name);
      }
    });
  }

  takeLease({ name }: Address): Promise<Lease | undefined> {
    const { leases } = this.#server;
    return this.#server.ask('takeLease', () => {
      if (leases.has(name)) return undefined;
      leases.set(name, this.#process);
      return { release: () => this.#server.ask('release', () => void leases.delete(name)) };
    });
  }

  contains(at: Address): Promise<boolean> {
    return this.#server.ask('contains', () => this.#server.live(at.name) !== undefined);
  }

  remove(at: Address): Promise<boolean> {
    return this.#server.ask('remove', () => this.#take(at) !== undefined);
  }

  removeMany(ats: readonly Address[]): Promise<number> {
    return this.#server.ask('removeMany', () => ats.filter((at) => this.#take(at) !== undefined).length);
  }

  prolong(at: Address, ttl: number): Promise<boolean> {
    return this.#server.ask('prolong', () => {
      const row = this.#server.live(at.name);
      if (row !== undefined) this.#server.put(at.name, row.sealed, ttl, row);
      return row !== undefined;
    });
  }

  increase(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#server.ask('increase', () => {
      const row = this.#server.live(at.name);
      if (row === undefined) return undefined;
      if (typeof row.sealed !== 'number') return new NotNumber(this.unseal(row.sealed));
      row.sealed += delta;
      return row.sealed;
    });
  }

  move(from: Address, to: Address): Promise<boolean> {
    return this.#server.ask('move', () => {
      const row = this.#take(from);
      if (row !== undefined) this.#server.rows.set(to.name, row);
      return row !== undefined;
    });
  }

  removeAll(): Promise<void> {
    return this.#server.ask('removeAll', () => {
      for (const name of this.#server.rows.keys()) {
        if (this.#prefix === '' || this.#owns(name)) this.#server.rows.delete(name);
      }
    });
  }

  seal(value: unknown): unknown {
    return sealCopy(value);
  }

  unseal(sealed: unknown): unknown {
    return unsealCopy(sealed);
  }

  checkName(): void {}

  async close(): Promise<void> {
    this.#process.users--;
  }

  #owns(name: string): boolean {
    return name.startsWith(`${this.#prefix}:`);
  }

  #take(at: Address): Row | undefined {
    const row = this.#server.live(at.name);
    this.#server.rows.delete(at.name);
    return row;
  }
}

/** A cache on a {@link MemoryServer}: what all caches on servers have in common, and nothing else. */
export class MemoryServerCache extends LoadingServerCache {
  constructor(
    server = new MemoryServer(),
    options: CacheOptions & { failOpen?: boolean } = {},
    process = server.process,
  ) {
    const { failOpen = false, ...own } = options;
    const settings = readCacheOptions(own);
    super(settings, new MemoryEngine(server, process, settings.keyPrefix), failOpen);
  }

  protected override get backend() {
    return 'keyv' as const;
  }
}

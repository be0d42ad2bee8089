import { setImmediate } from 'node:timers/promises';
import { type Clock, InvalidConfigError, InvalidKeyError } from 'locmem';
import type { CacheSettings } from '#dist/core/cache-options.js';
import { type Address, type NewEntry, NotNumber } from '#dist/core/engine.js';
import type { EntryExtras, Lease, Recalled } from '#dist/core/entry-extras.js';
import { readEncodingOptions } from '#dist/encoding/encoding-options.js';
import { ValueCodec } from '#dist/encoding/value-codec.js';
import { Flights } from '#dist/load/flights.js';
import type { LoadingEngine } from '#dist/load/loading-server-cache.js';

const codec = new ValueCodec(readEncodingOptions({}));

interface Entry {
  sealed: unknown;
  expiresAt: number;
  staleFor: number;
  readonly loadTime: number;
  /** Each with the number of times that it had been deleted when the entry was stored. */
  readonly tags: readonly (readonly [tag: string, deletions: number])[];
}

const NO_EXTRAS: EntryExtras = { staleFor: 0, loadTime: 0, tags: [] };

/** A server in the process: what is stored, which nobody can reach but by asking. */
export class MapServer {
  readonly #entries = new Map<string, Entry>();
  /** How often each tag was deleted. */
  readonly #deletions = new Map<string, number>();
  readonly #leases = new Set<string>();
  readonly #clock: Clock;
  /** Entries expire at multiples of this, in milliseconds, as memcached has it. */
  readonly #tick: number;
  /** What the caches of this process share while one of them is open. */
  #place: Place | undefined;

  constructor(clock: Clock, tick = 1) {
    this.#clock = clock;
    this.#tick = tick;
  }

  enter(): Place {
    this.#place ??= { flights: new Flights(), users: 0 };
    this.#place.users++;
    return this.#place;
  }

  leave(): void {
    if (this.#place && --this.#place.users === 0) this.#place = undefined;
  }

  /** The entry, also where it is stale. */
  recall(name: string): Entry | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const isDeleted = entry.tags.some(([tag, deletions]) => this.#deletionsOf(tag) !== deletions);
    if (!isDeleted && entry.expiresAt + entry.staleFor > this.#clock.now()) return entry;
    this.#entries.delete(name);
    return undefined;
  }

  leftOf(entry: Entry): number {
    return entry.expiresAt - this.#clock.now();
  }

  get(name: string): Entry | undefined {
    const entry = this.recall(name);
    return entry !== undefined && entry.expiresAt > this.#clock.now() ? entry : undefined;
  }

  put(name: string, sealed: unknown, ttl: number, extras = NO_EXTRAS, prefix = ''): void {
    const { staleFor, loadTime, tags } = extras;
    if (ttl > 0) {
      const tagged = tags.map((tag) => [tagName(prefix, tag), this.#deletionsOf(tagName(prefix, tag))] as const);
      this.#entries.set(name, { sealed, expiresAt: this.#end(ttl), staleFor, loadTime, tags: tagged });
    } else this.#entries.delete(name);
  }

  /** Whether it was there. */
  delete(name: string): boolean {
    const wasThere = this.get(name) !== undefined;
    this.#entries.delete(name);
    return wasThere;
  }

  touch(name: string, ttl: number): boolean {
    const entry = this.get(name);
    if (entry === undefined) return false;
    if (ttl > 0) entry.expiresAt = this.#end(ttl);
    else this.#entries.delete(name);
    return true;
  }

  renew(name: string, ttl: number, staleFor: number): boolean {
    const entry = this.recall(name);
    if (entry === undefined) return false;
    entry.expiresAt = this.#end(ttl);
    entry.staleFor = staleFor;
    return true;
  }

  deleteTag(prefix: string, tag: string): void {
    const name = tagName(prefix, tag);
    this.#deletions.set(name, this.#deletionsOf(name) + 1);
  }

  /** Whether it was free. */
  take(lease: string): boolean {
    if (this.#leases.has(lease)) return false;
    this.#leases.add(lease);
    return true;
  }

  release(lease: string): void {
    this.#leases.delete(lease);
  }

  move(from: string, to: string): boolean {
    const entry = this.get(from);
    if (entry === undefined) return false;
    this.#entries.delete(from);
    this.#entries.set(to, entry);
    return true;
  }

  deleteUnder(start: string): void {
    for (const name of this.#entries.keys()) if (name.startsWith(start)) this.#entries.delete(name);
  }

  #deletionsOf(tag: string): number {
    return this.#deletions.get(tag) ?? 0;
  }

  #end(ttl: number): number {
    const now = Math.floor(this.#clock.now() / this.#tick) * this.#tick;
    return now + Math.ceil(ttl / this.#tick) * this.#tick;
  }
}

function tagName(prefix: string, tag: string): string {
  return JSON.stringify([prefix, tag]);
}

interface Place {
  readonly flights: Flights;
  users: number;
}

/**
 * The reference for engines: it asks a {@link MapServer} over a connection of its own, which keeps the order, and takes
 * `hops` turns of the event loop each way.
 */
export class MapEngine implements LoadingEngine {
  readonly #server: MapServer;
  readonly #place: Place;
  readonly #settings: CacheSettings;
  readonly #takes: (name: string) => boolean;
  readonly #hops: number;
  #isOpen = true;

  constructor(server: MapServer, settings: CacheSettings, takes: (name: string) => boolean, hops: number) {
    this.#server = server;
    this.#place = server.enter();
    this.#settings = settings;
    this.#takes = takes;
    this.#hops = hops;
  }

  get flights(): Flights {
    return this.#place.flights;
  }

  read({ name }: Address): Promise<unknown> {
    return this.#ask(() => this.unseal(this.#server.get(name)?.sealed));
  }

  readMany(ats: readonly Address[]): Promise<unknown[]> {
    return this.#ask(() => ats.map(({ name }) => this.unseal(this.#server.get(name)?.sealed)));
  }

  write({ name }: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    return this.#ask(() => this.#put(name, sealed, ttl, extras));
  }

  writeNew({ name }: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    return this.#ask(() => {
      const isFree = this.#server.get(name) === undefined;
      if (isFree) this.#put(name, sealed, ttl, extras);
      return isFree;
    });
  }

  writeMany(entries: readonly NewEntry[], ttl: number, extras?: EntryExtras): Promise<Address[]> {
    return this.#ask(() => {
      for (const { at, sealed } of entries) this.#put(at.name, sealed, ttl, extras);
      return [];
    });
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    if (this.#place.users > 0) await this.write(at, sealed, ttl, extras);
  }

  removeLoaded(at: Address): Promise<boolean> {
    return this.remove(at);
  }

  recall({ name }: Address): Promise<Recalled | undefined> {
    return this.#ask(() => {
      const entry = this.#server.recall(name);
      if (entry === undefined) return undefined;
      const tags = entry.tags.map(([tag]) => (JSON.parse(tag) as [string, string])[1]);
      return { value: this.unseal(entry.sealed), left: this.#server.leftOf(entry), loadTime: entry.loadTime, tags };
    });
  }

  renew({ name }: Address, ttl: number, staleFor: number): Promise<boolean> {
    return this.#ask(() => this.#server.renew(name, ttl, staleFor));
  }

  removeTags(tags: readonly string[]): Promise<void> {
    return this.#ask(() => {
      for (const tag of tags) this.#server.deleteTag(this.#settings.keyPrefix, tag);
    });
  }

  takeLease({ name }: Address): Promise<Lease | undefined> {
    const lease: Lease = { release: () => this.#ask(() => this.#server.release(name)) };
    return this.#ask(() => (this.#server.take(name) ? lease : undefined));
  }

  contains({ name }: Address): Promise<boolean> {
    return this.#ask(() => this.#server.get(name) !== undefined);
  }

  remove({ name }: Address): Promise<boolean> {
    return this.#ask(() => this.#server.delete(name));
  }

  removeMany(ats: readonly Address[]): Promise<number> {
    return this.#ask(() => ats.filter(({ name }) => this.#server.delete(name)).length);
  }

  prolong({ name }: Address, ttl: number): Promise<boolean> {
    return this.#ask(() => this.#server.touch(name, ttl));
  }

  increase({ name }: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#ask(() => {
      const entry = this.#server.get(name);
      if (entry === undefined) return undefined;
      const value = this.unseal(entry.sealed);
      if (typeof value !== 'number') return new NotNumber(value);
      entry.sealed = this.seal(value + delta);
      return value + delta;
    });
  }

  move(from: Address, to: Address): Promise<boolean> {
    return this.#ask(() => this.#server.move(from.name, to.name));
  }

  async removeAll(): Promise<void> {
    const { keyPrefix, keyFunction } = this.#settings;
    if (keyPrefix === '') return this.#ask(() => this.#server.deleteUnder(''));
    if (!keyFunction('k', keyPrefix, 1).startsWith(`${keyPrefix}:`)) {
      throw new InvalidConfigError(`The keyFunction hides the prefix '${keyPrefix}': what is under it cannot be told.`);
    }
    return this.#ask(() => this.#server.deleteUnder(`${keyPrefix}:`));
  }

  seal(value: unknown): unknown {
    return codec.encode(value);
  }

  unseal(sealed: unknown): unknown {
    return sealed === undefined ? undefined : codec.decode(Buffer.from(sealed as Buffer));
  }

  checkName(name: string): void {
    if (!this.#takes(name)) throw new InvalidKeyError(`This server does not take the key ${JSON.stringify(name)}.`);
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#server.leave();
  }

  #put(name: string, sealed: unknown, ttl: number, extras = NO_EXTRAS): void {
    this.#server.put(name, sealed, ttl, extras, this.#settings.keyPrefix);
  }

  async #ask<T>(operation: () => T): Promise<T> {
    for (let hop = 0; hop < this.#hops; hop++) await setImmediate();
    const answer = operation();
    for (let hop = 0; hop < this.#hops; hop++) await setImmediate();
    return answer;
  }
}

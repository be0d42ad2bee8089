import { setImmediate } from 'node:timers/promises';
import { type Clock, InvalidConfigError, InvalidKeyError } from 'locmem';
import type { CacheSettings } from '#dist/core/cache-options.js';
import { type Address, type NewEntry, NotNumber } from '#dist/core/engine.js';
import { readEncodingOptions } from '#dist/encoding/encoding-options.js';
import { ValueCodec } from '#dist/encoding/value-codec.js';
import { Flights } from '#dist/load/flights.js';
import type { LoadingEngine } from '#dist/load/loading-server-cache.js';

const codec = new ValueCodec(readEncodingOptions({}));

interface Entry {
  sealed: unknown;
  expiresAt: number;
}

/** A server in the process: what is stored, which nobody can reach but by asking. */
export class MapServer {
  readonly #entries = new Map<string, Entry>();
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

  get(name: string): Entry | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.expiresAt > this.#clock.now()) return entry;
    this.#entries.delete(name);
    return undefined;
  }

  put(name: string, sealed: unknown, ttl: number): void {
    if (ttl > 0) this.#entries.set(name, { sealed, expiresAt: this.#end(ttl) });
    else this.#entries.delete(name);
  }

  /** Whether it was there. */
  delete(name: string): boolean {
    return this.get(name) !== undefined && this.#entries.delete(name);
  }

  touch(name: string, ttl: number): boolean {
    const entry = this.get(name);
    if (entry !== undefined) this.put(name, entry.sealed, ttl);
    return entry !== undefined;
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

  #end(ttl: number): number {
    const now = Math.floor(this.#clock.now() / this.#tick) * this.#tick;
    return now + Math.ceil(ttl / this.#tick) * this.#tick;
  }
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

  write({ name }: Address, sealed: unknown, ttl: number): Promise<void> {
    return this.#ask(() => this.#server.put(name, sealed, ttl));
  }

  writeNew({ name }: Address, sealed: unknown, ttl: number): Promise<boolean> {
    return this.#ask(() => {
      const isFree = this.#server.get(name) === undefined;
      if (isFree) this.#server.put(name, sealed, ttl);
      return isFree;
    });
  }

  writeMany(entries: readonly NewEntry[], ttl: number): Promise<Address[]> {
    return this.#ask(() => {
      for (const { at, sealed } of entries) this.#server.put(at.name, sealed, ttl);
      return [];
    });
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number): Promise<void> {
    if (this.#place.users > 0) await this.write(at, sealed, ttl);
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

  async #ask<T>(operation: () => T): Promise<T> {
    for (let hop = 0; hop < this.#hops; hop++) await setImmediate();
    const answer = operation();
    for (let hop = 0; hop < this.#hops; hop++) await setImmediate();
    return answer;
  }
}

import type { CacheSettings } from '../core/cache-options.js';
import { type Address, type ChangeListener, type NewEntry, NotNumber, type Timed } from '../core/engine.js';
import type { EntryExtras, Lease, Recalled } from '../core/entry-extras.js';
import { warnOfUnportableKey } from '../core/keys.js';
import { beginningOf } from '../core/stored-keys.js';
import type { ValueCodec } from '../encoding/value-codec.js';
import type { Flights } from '../load/flights.js';
import type { FarLoadingEngine } from '../load/loading-server-cache.js';
import { Clearing } from './clearing.js';
import { Connection } from './connection.js';
import { Entries } from './entries.js';
import { INCREASE } from './entry-scripts.js';
import { leaseKeyOf } from './lease-server.js';
import { enterPlace, leavePlace, type Place } from './place.js';
import { Reads } from './reads.js';
import type { RedisSettings } from './redis-options.js';
import { Removals } from './removals.js';
import { hearingTags, TagVersions } from './tag-versions.js';
import { isWrongType } from './unavailable.js';
import type { Reply } from './wire.js';
import { Writes } from './writes.js';

/** Entries in Redis, or Valkey. */
export class RedisEngine implements FarLoadingEngine {
  readonly flights: Flights;
  readonly #place: Place;
  /** The place's own, which all share, or one that tells changes. */
  readonly #connection: Connection;
  readonly #settings: RedisSettings;
  readonly #cacheSettings: CacheSettings;
  readonly #codec: ValueCodec;
  readonly #tags: TagVersions;
  readonly #entries: Entries;
  readonly #reads: Reads;
  #writes: Writes;
  readonly #removals: Removals;
  readonly #clearing: Clearing;

  constructor(settings: RedisSettings, cacheSettings: CacheSettings, codec: ValueCodec, listener?: ChangeListener) {
    this.#settings = settings;
    this.#cacheSettings = cacheSettings;
    this.#codec = codec;
    this.#place = enterPlace(settings);
    this.flights = this.#place.flights;
    const connection = listener === undefined ? this.#place.connection : this.#connectionTelling(listener);
    const { keyPrefix } = cacheSettings;
    this.#connection = connection;
    this.#tags = new TagVersions(connection, keyPrefix);
    this.#entries = new Entries(connection, this.#tags, keyPrefix);
    this.#reads = new Reads(connection, this.#entries, codec);
    this.#writes = new Writes(connection, this.#entries, this.#reads);
    this.#removals = new Removals(connection, this.#entries, keyPrefix);
    this.#clearing = new Clearing(connection, cacheSettings);
  }

  #connectionTelling(listener: ChangeListener): Connection {
    const { target, commandTimeout } = this.#settings;
    const { keyPrefix } = this.#cacheSettings;
    const beginning = beginningOf(this.#cacheSettings);
    const connection = new Connection(target, commandTimeout, beginning, hearingTags(listener, keyPrefix));
    connection.open();
    return connection;
  }

  follow(listener: ChangeListener): this {
    return new RedisEngine(this.#settings, this.#cacheSettings, this.#codec, listener) as this;
  }

  read(at: Address): Promise<unknown> {
    return this.#reads.read(at);
  }

  readMany(ats: readonly Address[]): Promise<unknown[]> {
    return this.#reads.readMany(ats);
  }

  readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    return this.#reads.readTimed(ats);
  }

  recall(at: Address): Promise<Recalled | undefined> {
    return this.#reads.recall(at);
  }

  contains(at: Address): Promise<boolean> {
    return this.#reads.contains(at);
  }

  write(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    return this.#writes.write(at, sealed, ttl, extras);
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    await this.storeLoaded(at, sealed, ttl, extras);
  }

  async storeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    if (this.#place.users === 0) return false;
    const lease = this.#place.leases.of(at.name);
    if (ttl > 0) return this.#writes.writeHolding(lease, at, sealed, ttl, extras);
    await this.#removals.removeHolding(lease, at);
    return true;
  }

  removeLoaded(at: Address): Promise<boolean> {
    return this.#removals.removeHolding(this.#place.leases.of(at.name), at);
  }

  async writeNew(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    return ttl > 0 ? this.#writes.writeNew(at, sealed, ttl, extras) : !(await this.contains(at));
  }

  writeMany(entries: readonly NewEntry[], ttl: number, extras?: EntryExtras): Promise<Address[]> {
    return this.#writes.writeMany(entries, ttl, extras);
  }

  renew({ name }: Address, ttl: number, staleFor: number): Promise<boolean> {
    return this.#entries.renew(name, ttl, staleFor, this.#place.leases.of(name));
  }

  prolong(at: Address, ttl: number): Promise<boolean> {
    return ttl > 0 ? this.#entries.prolong(at.name, ttl) : this.remove(at);
  }

  async increase({ name }: Address, delta: number): Promise<number | NotNumber | undefined> {
    let reply: Reply;
    try {
      reply = await this.#entries.judged(INCREASE, [name], [String(delta)]);
    } catch (error) {
      if (isWrongType(error)) return new NotNumber('a value that is not of this cache');
      throw error;
    }
    if (reply === null) return undefined;
    return Array.isArray(reply) ? new NotNumber(this.#codec.decode(reply[0] as Buffer)) : Number(String(reply));
  }

  removeTags(tags: readonly string[]): Promise<void> {
    return this.#tags.removeAll(tags);
  }

  async takeLease({ name }: Address): Promise<Lease | undefined> {
    const key = leaseKeyOf(name, this.#cacheSettings.keyPrefix, await this.#connection.isCluster());
    // On a cluster nobody could see lease and entry at once: then every process has its own.
    if (key === undefined) return { release() {} };
    const { leases, leaseServer } = this.#place;
    return leases.take(name, key, leaseServer);
  }

  remove(at: Address): Promise<boolean> {
    return this.#removals.remove(at);
  }

  removeMany(ats: readonly Address[]): Promise<number> {
    return this.#removals.removeMany(ats);
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
    warnOfUnportableKey(name, 0);
  }

  async close(): Promise<void> {
    const shared = this.#place.connection;
    const own = this.#connection === shared ? undefined : this.#connection;
    // Until now what we store ourselves was not told us as another's; runs that are under way store it all the same.
    if (own !== undefined) this.#writes = this.#writesOver(shared);
    await Promise.all([leavePlace(this.#settings, this.#place), own?.close()]);
  }

  #writesOver(connection: Connection): Writes {
    const { keyPrefix } = this.#cacheSettings;
    const entries = new Entries(connection, new TagVersions(connection, keyPrefix), keyPrefix);
    return new Writes(connection, entries, new Reads(connection, entries, this.#codec));
  }
}

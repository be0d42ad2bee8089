import type { EntryExtras, Lease, Recalled } from './entry-extras.js';

/** What an entry is called: by the caller, and as the engine stores it. */
export interface Address {
  readonly key: string;
  readonly version: number;
  /** The stored key: well-formed text, at least one character. */
  readonly name: string;
}

/** An entry to be stored, its value sealed. */
export interface NewEntry {
  readonly at: Address;
  readonly sealed: unknown;
}

/** What stands at a counter's key instead of a number. */
export class NotNumber {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/**
 * What a {@link ServerCache} is made of: a few operations on entries that are kept outside the process. Arguments are
 * checked already; ttls are milliseconds, and may be 0 or less (then what is stored is gone) or `Infinity`.
 *
 * @throws CacheUnavailableError, from each, where the server did not answer in time.
 */
export interface Engine {
  /** The value, for one reader; `undefined` if there is none. */
  read(at: Address): Promise<unknown>;
  /** The same for each, in the order asked. */
  readMany(ats: readonly Address[]): Promise<unknown[]>;
  /** @throws ValueTooLargeError if the server takes no value of this size. */
  write(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void>;
  /** Writes unless the key is there: whether it was free. With a ttl of 0 or less it only says so. */
  writeNew(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean>;
  /** Writes each; those that the server refused. */
  writeMany(entries: readonly NewEntry[], ttl: number, extras?: EntryExtras): Promise<Address[]>;
  /** The entry, also where it is stale; not where a tag of it was deleted. */
  recall(at: Address): Promise<Recalled | undefined>;
  /**
   * Gives the entry, stale or not, a new ttl and time to be stale, without storing it anew; whether it was there. Its load
   * time and tags stay. That is for a run to do: where it has lost its lease, nothing is done. @param ttl more than 0
   */
  renew(at: Address, ttl: number, staleFor: number): Promise<boolean>;
  /** Makes every entry that was stored with one of these tags, under the cache's prefix, missing. In one step each. */
  removeTags(tags: readonly string[]): Promise<void>;
  /**
   * Takes the lease of an entry's load, if nobody has it. Absent where processes cannot agree on one. A holder that dies
   * loses it.
   */
  takeLease?(at: Address): Promise<Lease | undefined>;
  contains(at: Address): Promise<boolean>;
  remove(at: Address): Promise<boolean>;
  /** How many of them were there. No name comes twice. */
  removeMany(ats: readonly Address[]): Promise<number>;
  /** Whether it was there. */
  prolong(at: Address, ttl: number): Promise<boolean>;
  /** The new number; `undefined` if there is none. Keeps the expiry. */
  increase(at: Address, delta: number): Promise<number | NotNumber | undefined>;
  /** Moves the entry with its remaining ttl; whether it was there. */
  move(from: Address, to: Address): Promise<boolean>;
  /** Removes all under the cache's prefix. @throws InvalidConfigError where the engine cannot tell what that is. */
  removeAll(): Promise<void>;
  /** Removes all whose names begin with `head`. Left out by an engine that cannot list names. */
  removeUnder?(head: string): Promise<void>;
  /** A value as it will be written: bytes, out of everyone's reach. @throws UncacheableValueError */
  seal(value: unknown): unknown;
  /** The opposite, for one reader. */
  unseal(sealed: unknown): unknown;
  /** @throws InvalidKeyError if the engine cannot store under this name. */
  checkName(name: string): void;
  /** Lets go of connections. Operations under way are answered, or reject. */
  close(): Promise<void>;
}

/** A value, and the milliseconds that it has left: `Infinity` for ever. */
export interface Timed {
  readonly value: unknown;
  readonly ttl: number;
  /** Those that it was stored with; absent where there are none. */
  readonly tags?: readonly string[];
}

/** Who keeps copies of entries, and wants to know when they are good no more. */
export interface ChangeListener {
  /** From now on changes are told, or, with `false`, they cannot be: this server does not tell. */
  connected(tellsChanges: boolean): void;
  /** The way to the server is lost, and with it what it would have told. */
  disconnected(): void;
  /** Somebody else changed the entry of this name; `null`: any may have been. */
  changed(name: string | null): void;
  /** A tag was deleted, or may have been: entries that were stored with it may be there no more. */
  tagChanged(tag: string): void;
}

/** An engine that can stand behind another cache. */
export interface FarEngine extends Engine {
  /** What {@link Engine.readMany} reads, with the time that each has left. */
  readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]>;
  /**
   * A further engine for the same entries, to be closed by itself, that tells what others change. Absent where the
   * server has no such thing.
   */
  follow?(listener: ChangeListener): this;
}

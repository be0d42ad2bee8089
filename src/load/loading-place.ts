import type { Operation, OperationEvent } from '../core/diagnostics.js';
import type { Address, NewEntry } from '../core/engine.js';
import type { EntryExtras, Fence, Lease, Recalled } from '../core/entry-extras.js';
import type { Flights } from './flights.js';

/** An entry as it was made, and the milliseconds that it is to live. */
export interface LoadedEntry extends NewEntry {
  readonly ttl: number;
  /** Of its flight. */
  readonly fence: Fence | undefined;
}

/**
 * What a loader needs of its cache, in process or on a server. None of these fails because the cache is closed or its
 * server is gone: who asked is to have what the factory makes.
 */
export interface LoadingPlace {
  /** The runs under way, shared by all caches that share their entries. */
  readonly flights: Flights;
  readonly keyPrefix: string;
  /** How the events of the cache begin. */
  eventOf(operation: Operation): OperationEvent;
  /** A value out of everyone's reach. @throws UncacheableValueError */
  seal(value: unknown): unknown;
  /** The opposite, for one reader. */
  unseal(sealed: unknown): unknown;
  /**
   * What a run that begins now is to note, and to hand over when it stores, renews or drops. @param overrules whether the
   * runs of other processes are out of date: they are not to store.
   */
  fence(at: Address, overrules: boolean): Fence | undefined;
  /** Stores what was made, if the fence holds. @throws ValueTooLargeError, and then the value goes to the callers all the same. */
  store(
    at: Address,
    sealed: unknown,
    ttl: number,
    extras: EntryExtras | undefined,
    fence: Fence | undefined,
  ): void | Promise<void>;
  /** Stores what one call has made, as far as it can be stored. */
  storeMany(made: readonly LoadedEntry[], extras: EntryExtras | undefined): void | Promise<void>;
  /** Gives the entry, stale or not, if it is there still, a new ttl. */
  renew(at: Address, ttl: number, staleFor: number, fence: Fence | undefined): boolean | undefined | Promise<unknown>;
  /** Removes the entry, stale or not. */
  drop(at: Address, fence: Fence | undefined): boolean | undefined | Promise<unknown>;
  /** The right to run the factory; `undefined` if another process has it, `null` where there is none to agree with. */
  takeLease(at: Address): Lease | null | undefined | Promise<Lease | null | undefined>;
  /** The entry, stale or not, counted as nothing. Only asked where there are leases. */
  look(at: Address): Recalled | undefined | Promise<Recalled | undefined>;
}

import type { CacheSettings } from '../core/cache-options.js';
import { type Operation, set } from '../core/diagnostics.js';
import type { Address } from '../core/engine.js';
import type { EntryExtras, Fence, Lease, Recalled } from '../core/entry-extras.js';
import { CacheClosedError, CacheUnavailableError } from '../core/errors.js';
import { InProcessCache } from '../core/in-process-cache.js';
import type { StandardSchema } from '../core/standard-schema.js';
import type { Flights } from './flights.js';
import type { LoadTerms } from './load-terms.js';
import { keepIfItFits } from './loader.js';
import type { LoadedEntry, LoadingPlace } from './loading-place.js';

/** The terms of a call whose schema is asked. */
export type Checked = LoadTerms & { schema: StandardSchema };

/** An in-process cache as the place that loaders load for: what runs need of a backend, and what of it ends them. */
export abstract class InProcessPlace extends InProcessCache {
  // Private, or who prints a cache would go into it.
  readonly #place: LoadingPlace;
  /** The runs under way, shared by all caches that share their entries. */
  protected abstract readonly flights: Flights;
  /** Whether what is read may have been written by another program: then a call's schema is asked. */
  protected readonly readsFromOutside: boolean = false;
  /** Writes what a run has made, if anybody still has the place open, and its fence holds; whether it did. @throws ValueTooLargeError */
  protected abstract writeLoaded(
    key: string,
    sealed: unknown,
    ttl: number,
    version: number,
    extras?: EntryExtras,
    fence?: Fence,
  ): boolean;
  /** What a run that begins now notes, where other processes may change the entry. @param _overrules their runs, too. */
  protected fence(_key: string, _version: number, _overrules: boolean): Fence | undefined {
    return undefined;
  }

  /** `renew`, by a run, if its fence holds. */
  protected renewByRun(key: string, ttl: number, staleFor: number, version: number, _fence?: Fence): boolean {
    return this.renew(key, ttl, staleFor, version);
  }

  /** `remove`, by a run, if its fence holds. */
  protected removeByRun(key: string, version: number, _fence?: Fence): boolean {
    return this.remove(key, version);
  }

  /** Takes the lease of an entry's load, if no other process has it; `null` where there are no other processes. */
  protected takeLease(_key: string, _version: number): Lease | null | undefined {
    return null;
  }

  /** What `recall` finds, counted as nothing: for who has counted a read, or waits for a lease and looks time and again. */
  protected lookAgain(_key: string, _version: number): Recalled | undefined {
    return undefined;
  }

  protected constructor(settings: CacheSettings) {
    super(settings);
    const flightsHere = () => this.flights;
    this.#place = {
      get flights() {
        return flightsHere();
      },
      keyPrefix: settings.keyPrefix,
      eventOf: (operation) => this.eventOf(operation),
      seal: (value) => this.seal(value),
      unseal: (sealed) => this.unseal(sealed),
      fence: (at, overrules) => this.#fence(at, overrules),
      store: (at, sealed, ttl, extras, fence) => this.#storeLoaded('getOrSet', at, sealed, ttl, extras, fence),
      storeMany: (made, extras) => this.#storeMany(made, extras),
      renew: (at, ttl, staleFor, fence) =>
        unlessGone<boolean | undefined>(() => this.renewByRun(at.key, ttl, staleFor, at.version, fence), undefined),
      drop: (at, fence) =>
        unlessGone<boolean | undefined>(() => this.removeByRun(at.key, at.version, fence), undefined),
      takeLease: (at) => this.#takeLease(at),
      look: (at) => unlessGone(() => this.lookAgain(at.key, at.version), undefined),
    };
  }

  protected get place(): LoadingPlace {
    return this.#place;
  }

  /** The call's schema refuses what was read. @param _isHit whether it was counted as a hit, which it is not. */
  protected noteInvalid(_isHit: boolean): void {}

  protected override changed(key: string, version: number): void {
    if (!this.flights.isIdle) this.flights.overrule(this.flightName(key, version));
  }

  protected override tagsChanged(tags: readonly string[]): void {
    this.flights.overruleTagged(this.settings.keyPrefix, tags);
  }

  /** What a run is called: entries that are one to the backend have one name. A version is a number: no two clash. */
  protected flightName(key: string, version: number): string {
    return `${version}:${key}`;
  }

  protected asksSchema(terms: LoadTerms): terms is Checked {
    return terms.schema !== undefined && this.readsFromOutside;
  }

  #storeMany(made: readonly LoadedEntry[], extras: EntryExtras | undefined): void {
    for (const { at, sealed, ttl, fence } of made) {
      keepIfItFits(() => this.#storeLoaded('getOrSetMany', at, sealed, ttl, extras, fence));
    }
  }

  #storeLoaded(
    operation: Operation,
    { key, version }: Address,
    sealed: unknown,
    ttl: number,
    extras: EntryExtras | undefined,
    fence: Fence | undefined,
  ): void {
    const isStored = this.writeLoaded(key, sealed, ttl, version, extras, fence);
    if (isStored && set.hasSubscribers) this.tellSet(operation, key, version, ttl);
  }

  /** No closure: every load passes here. */
  #takeLease({ key, version }: Address): Lease | null | undefined {
    try {
      return this.takeLease(key, version);
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  #fence(at: Address, overrules: boolean): Fence | undefined {
    const { key, version } = at;
    try {
      return this.fence(key, version, overrules);
    } catch (error) {
      if (!isGone(error)) throw error;
      // To be overruled takes no lock: so much is to be had behind a process that is stopped.
      return overrules ? this.#fence(at, false) : undefined;
    }
  }
}

/** What it comes to; `fallback` where the cache is closed, or behind a process that is stopped. */
function unlessGone<T>(operation: () => T, fallback: T): T {
  try {
    return operation();
  } catch (error) {
    if (isGone(error)) return fallback;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof CacheClosedError || error instanceof CacheUnavailableError;
}

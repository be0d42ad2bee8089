import { performance } from 'node:perf_hooks';
import type { Entries, LoadContext } from '../core/cache.js';
import { pairs } from '../core/call-reader.js';
import { isLoadTold } from '../core/diagnostics.js';
import type { Address } from '../core/engine.js';
import { invalidArgument, show } from '../core/errors.js';
import { Flight, NOT_OURS } from './flights.js';
import { UNCHANGED } from './load-context.js';
import { extrasOf, type LoadTerms, ttlOf } from './load-terms.js';
import { nothingUnchanged } from './loader.js';
import type { LoadedEntry, LoadingPlace } from './loading-place.js';
import { Run } from './run.js';
import { type Loading, toldRun, toldRunSync } from './told-run.js';

export type BatchFactory = (missing: string[], context: LoadContext) => unknown;

/** Several entries to be loaded by one call. */
export interface Batch {
  readonly wanted: readonly Address[];
  readonly loadMissing: BatchFactory;
  /** The ttl that the call asks for, before its terms. */
  readonly ttl: number;
  readonly terms: LoadTerms;
}

/**
 * Runs loaders of many keys: one run for all that nobody is loading yet, and one flight for each of them.
 *
 * It takes no leases: a run of many keys would wait for as many other processes, and they for it. What is stale is
 * missing to it; what it loads is stored so that other calls may serve it stale.
 */
export class BatchLoader {
  readonly #place: LoadingPlace;

  constructor(place: LoadingPlace) {
    this.#place = place;
  }

  /** Joins the flights under way, and loads the rest. The values by key, for one reader. */
  async load(batch: Batch): Promise<Map<string, unknown>> {
    const { wanted, terms } = batch;
    const { flights } = this.#place;
    for (const { name, key } of wanted) flights.checkNotStarting(name, key);
    const run = new Run();
    const missing = new Map<Address, Flight>();
    const boarded = wanted.map((at) => {
      const underWay = flights.joinable(at.name);
      if (underWay !== undefined) return underWay;
      const flight = this.#depart(at, run, terms.tags);
      missing.set(at, flight);
      return flight;
    });
    if (missing.size > 0) this.#start(run, missing, batch);
    const sealed = await Promise.all(boarded.map((flight) => flight.run.wait(flight.outcome, terms.signal)));
    const left = wanted.filter((_, i) => sealed[i] === NOT_OURS);
    const values = this.#handOut(wanted, sealed);
    if (left.length === 0) return values;
    return new Map([...values, ...(await this.load({ ...batch, wanted: left }))]);
  }

  /** The same with a loader that returns its values, not a promise of them. Joins nobody. */
  loadSync(batch: Batch): Map<string, unknown> {
    const { wanted, terms } = batch;
    for (const { name, key } of wanted) this.#place.flights.checkNotStarting(name, key);
    const run = new Run();
    const missing = new Map(wanted.map((at) => [at, this.#depart(at, run, terms.tags)]));
    try {
      const load = () => batch.loadMissing(keysOf(missing), run.context);
      const returned = isLoadTold() ? toldRunSync(this.#place, run, loadingOf(missing), load) : load();
      const made = this.#read(returned, run, missing, batch);
      this.#store(made, run, missing, terms, 0);
      const sealed = new Map(made.map((entry) => [entry.at, entry.sealed]));
      return this.#handOut(
        wanted,
        wanted.map((at) => sealed.get(at)),
      );
    } finally {
      this.#land(missing);
    }
  }

  #depart(at: Address, run: Run, tags: readonly string[]): Flight {
    const flight = new Flight(this.#place.keyPrefix, run, tags, this.#place.fence(at, false));
    this.#place.flights.depart(at.name, flight);
    return flight;
  }

  #start(run: Run, missing: ReadonlyMap<Address, Flight>, batch: Batch): void {
    const outcome = run.within(batch.terms.timeout, this.#fly(run, missing, batch), nameOf(missing));
    for (const [at, flight] of missing) flight.outcome = outcome.then((sealed) => sealed.get(at));
  }

  /** What was made, sealed. The flights are current, and others join them, until it is stored. */
  async #fly(run: Run, missing: ReadonlyMap<Address, Flight>, batch: Batch): Promise<Map<Address, unknown>> {
    try {
      const { terms } = batch;
      const began = terms.earlyRefresh > 0 ? performance.now() : 0;
      const load = () => batch.loadMissing(keysOf(missing), run.context);
      const making = isLoadTold() ? toldRun(this.#place, run, loadingOf(missing), load) : load();
      run.begun();
      const returned = await making;
      run.done();
      const loadTime = terms.earlyRefresh > 0 ? performance.now() - began : 0;
      const made = this.#read(returned, run, missing, batch);
      await this.#store(made, run, missing, terms, loadTime);
      return new Map(made.map(({ at, sealed }) => [at, sealed]));
    } finally {
      run.done();
      this.#land(missing);
    }
  }

  /** What the loader returned, sealed: all of it is looked at before any is stored. */
  #read(returned: unknown, run: Run, missing: ReadonlyMap<Address, Flight>, { ttl, terms }: Batch): LoadedEntry[] {
    const { chosenTtl } = run.context;
    const asked = new Map([...missing.keys()].map((at) => [at.key, at]));
    const made = new Map<Address, LoadedEntry>();
    for (const [key, value] of pairs('The loader of getOrSetMany returns', returned as Entries)) {
      const at = asked.get(key);
      if (at === undefined) {
        throw invalidArgument(`The loader of getOrSetMany returned ${show(key)}, which it was not asked for.`);
      }
      if (value === UNCHANGED) throw nothingUnchanged(at);
      if (value === undefined) made.delete(at);
      else {
        const { fence } = missing.get(at)!;
        made.set(at, { at, sealed: this.#place.seal(value), ttl: ttlOf(value, ttl, terms, chosenTtl), fence });
      }
    }
    return [...made.values()];
  }

  /** Stores what was made, but where something else has happened to a key. */
  #store(
    made: readonly LoadedEntry[],
    run: Run,
    missing: ReadonlyMap<Address, Flight>,
    terms: LoadTerms,
    loadTime: number,
  ): void | Promise<void> {
    const { flights } = this.#place;
    const { tags = terms.tags } = run.context;
    const current = made.filter(({ at }) => {
      const flight = missing.get(at)!;
      return flights.isCurrent(at.name, flight) && !flight.isTooOldFor(tags);
    });
    return this.#place.storeMany(current, extrasOf(terms, loadTime, tags));
  }

  #land(missing: ReadonlyMap<Address, Flight>): void {
    for (const [at, flight] of missing) this.#place.flights.land(at.name, flight);
  }

  #handOut(wanted: readonly Address[], sealed: readonly unknown[]): Map<string, unknown> {
    const values = new Map<string, unknown>();
    for (const [i, { key }] of wanted.entries()) {
      if (sealed[i] !== undefined && sealed[i] !== NOT_OURS) values.set(key, this.#place.unseal(sealed[i]));
    }
    return values;
  }
}

/** @throws TypeError unless the loader is a function. */
export function checkLoader(call: string, loadMissing: unknown): void {
  if (typeof loadMissing === 'function') return;
  throw invalidArgument(`${call} takes a function that loads the missing keys; got ${show(loadMissing)}.`);
}

/** Puts what was loaded in the place of what was missing; what is missing still is left out. */
export function filled<T>(values: Map<string, unknown>, loaded: ReadonlyMap<string, unknown>): Map<string, T> {
  for (const [key, value] of values) {
    if (value !== undefined) continue;
    if (loaded.has(key)) values.set(key, loaded.get(key));
    else values.delete(key);
  }
  return values as Map<string, T>;
}

function keysOf(missing: ReadonlyMap<Address, Flight>): string[] {
  return [...missing.keys()].map(({ key }) => key);
}

function loadingOf(missing: ReadonlyMap<Address, Flight>): Loading {
  const [first] = missing.keys();
  return { operation: 'getOrSetMany', keys: keysOf(missing), version: first!.version, isBehind: false };
}

function nameOf(missing: ReadonlyMap<Address, Flight>): string {
  const [first, ...others] = keysOf(missing);
  return `The loader of ${show(first)}${others.length === 0 ? '' : ` and ${others.length} more`}`;
}

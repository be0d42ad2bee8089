import { performance } from 'node:perf_hooks';
import type { LoadContext } from '../core/cache.js';
import { isLoadTold, type Operation, type StaleEvent, stale, tell } from '../core/diagnostics.js';
import type { Address } from '../core/engine.js';
import type { Recalled } from '../core/entry-extras.js';
import { invalidArgument, show, ValueTooLargeError } from '../core/errors.js';
import { isDueEarly } from './early-refresh.js';
import { Flight, NOT_OURS } from './flights.js';
import { takeTurn } from './lease-wait.js';
import { UNCHANGED } from './load-context.js';
import { extrasOf, type LoadTerms, ttlOf } from './load-terms.js';
import type { LoadingPlace } from './loading-place.js';
import { Run } from './run.js';
import { orStale } from './stale-answer.js';
import { type Loading, toldRun, toldRunSync } from './told-run.js';

export type Factory = (context: LoadContext) => unknown;

/** One entry to be loaded. */
export interface Load {
  /** Its name is what its run is called: entries that are one to the backend have one. */
  readonly at: Address;
  readonly factory: Factory;
  /** The ttl that the call asks for, before its terms. */
  readonly ttl: number;
  readonly terms: LoadTerms;
}

/** What is stored already, and the same value sealed, out of everyone's reach. */
interface Known {
  readonly recalled: Recalled;
  readonly sealed: unknown;
}

/** Runs factories, one at a time for each name: in one place for all backends. */
export class Loader {
  readonly #place: LoadingPlace;

  constructor(place: LoadingPlace) {
    this.#place = place;
  }

  /** The answer to who asked by these terms, and found this. The value, for one reader. */
  answer(load: Load, found: Recalled | undefined): Promise<unknown> {
    if (found === undefined) return this.load(load);
    const { value, left } = found;
    const { earlyRefresh, staleWhileRevalidate, staleIfError } = load.terms;
    if (left > 0) {
      if (isDueEarly(found, earlyRefresh)) this.#refresh(load, found);
    } else if (-left < staleWhileRevalidate) {
      this.#tellStale(load, 'staleWhileRevalidate');
      this.#refresh(load, found);
    } else {
      const answer = this.load(load, found);
      if (-left >= staleIfError) return answer;
      return orStale(answer, value, load.terms, (reason) => this.#tellStale(load, reason));
    }
    return Promise.resolve(value);
  }

  /** Joins the run under way, or begins one. The value, for one reader. @param found what is out of date. */
  load(load: Load, found?: Recalled): Promise<unknown> {
    const { at, terms } = load;
    const { flights } = this.#place;
    flights.checkNotStarting(at.name, at.key);
    return this.#board(flights.joinable(at.name) ?? this.#depart(load, found, terms.lockTimeout), load, found);
  }

  /** Begins a run even where one is under way, here or in another process; here it is overruled. */
  reload(load: Load): Promise<unknown> {
    const { name, key } = load.at;
    const { flights } = this.#place;
    flights.checkNotStarting(name, key);
    flights.joinable(name)?.run.letGo();
    return this.#board(this.#depart(load, undefined, null), load, undefined);
  }

  /** The same with a factory that returns its value, not a promise of it. Joins nobody, and waits for no process. */
  loadSync(load: Load): unknown {
    const { at, factory, terms } = load;
    const { flights, keyPrefix } = this.#place;
    flights.checkNotStarting(at.name, at.key);
    const flight = new Flight(keyPrefix, new Run(), terms.tags, this.#place.fence(at, false));
    flights.depart(at.name, flight);
    try {
      const { run } = flight;
      const made = isLoadTold()
        ? toldRunSync(this.#place, run, loadingOf(at, 'getOrSet', false), () => factory(run.context))
        : factory(run.context);
      if (made === undefined) return undefined;
      if (made === UNCHANGED) throw nothingUnchanged(at);
      const sealed = this.#place.seal(made);
      this.#store(flight, load, made, sealed, 0);
      return this.#handOut(sealed);
    } finally {
      flights.land(at.name, flight);
    }
  }

  #tellStale({ at: { key, version } }: Load, reason: StaleEvent['reason']): void {
    if (stale.hasSubscribers) tell(stale, this.#place.eventOf('getOrSet'), key, version, { reason });
  }

  /** Makes the entry anew behind, unless that is being done. Who asked neither waits nor learns whether it failed. */
  #refresh(load: Load, found: Recalled): void {
    if (this.#place.flights.joinable(load.at.name) !== undefined) return;
    const { run, outcome } = this.#depart(load, found, undefined);
    // The cache itself waits: those who join and leave do not end the run.
    run.wait(outcome, undefined).catch(() => {});
  }

  #board(flight: Flight, load: Load, found: Recalled | undefined): Promise<unknown> {
    const answer = flight.outcome.then((sealed) =>
      sealed === NOT_OURS ? this.load(load, found) : this.#handOut(sealed),
    );
    return flight.run.wait(answer, load.terms.signal);
  }

  /** @param lockTimeout `undefined` for a run behind; `null` for one that runs whatever other processes do. */
  #depart(load: Load, found: Recalled | undefined, lockTimeout: number | null | undefined): Flight {
    const { at, terms } = load;
    // What was found is the caller's, who may change it.
    const known = found && { recalled: found, sealed: this.#place.seal(found.value) };
    const run = new Run();
    const fence = this.#place.fence(at, lockTimeout === null);
    const flight = new Flight(this.#place.keyPrefix, run, terms.tags, fence);
    this.#place.flights.depart(at.name, flight);
    const outcome = this.#fly(flight, load, known, lockTimeout);
    const { timeout } = terms;
    // Showing the key costs a tenth of a run.
    flight.outcome =
      timeout === Number.POSITIVE_INFINITY ? outcome : run.within(timeout, outcome, `The factory of ${show(at.key)}`);
    return flight;
  }

  /** What was made, sealed. The flight is current, and others join it, until it is stored. */
  async #fly(
    flight: Flight,
    load: Load,
    known: Known | undefined,
    lockTimeout: number | null | undefined,
  ): Promise<unknown> {
    const { at, factory, terms } = load;
    const { flights } = this.#place;
    const { run } = flight;
    try {
      const asking =
        lockTimeout === null
          ? undefined
          : takeTurn(this.#place, at, flight, known?.recalled, lockTimeout, terms.schema);
      if (asking !== undefined) {
        run.isStarting = false;
        const { runs, seen } = await asking;
        if (!runs) return seen === undefined ? NOT_OURS : this.#place.seal(seen.value);
        if (run.isGivenUp) throw run.signal.reason;
        // It was deleted meanwhile.
        if (seen === undefined) known = undefined;
        run.isStarting = true;
      }
      if (known !== undefined) run.context.offer(known.sealed, this.#place);
      const began = terms.earlyRefresh > 0 ? performance.now() : 0;
      const making = isLoadTold()
        ? toldRun(
            this.#place,
            run,
            loadingOf(at, lockTimeout === null ? 'refresh' : 'getOrSet', lockTimeout === undefined),
            () => factory(run.context),
          )
        : factory(run.context);
      run.begun();
      const made = await making;
      run.done();
      if (made === undefined) {
        if (known !== undefined && flights.isCurrent(at.name, flight)) await this.#place.drop(at, flight.fence);
        return undefined;
      }
      if (made === UNCHANGED) return await this.#renew(flight, load, known);
      const loadTime = terms.earlyRefresh > 0 ? performance.now() - began : 0;
      const sealed = this.#place.seal(made);
      const storing = this.#store(flight, load, made, sealed, loadTime);
      if (storing !== undefined) await storing;
      return sealed;
    } finally {
      run.done();
      flights.land(at.name, flight);
      run.letGo();
    }
  }

  /** Stores what was made, unless something else has happened to the entry. */
  #store(
    flight: Flight,
    { at, ttl, terms }: Load,
    made: unknown,
    sealed: unknown,
    loadTime: number,
  ): void | Promise<void> {
    const { chosenTtl, tags = terms.tags } = flight.run.context;
    if (!this.#place.flights.isCurrent(at.name, flight) || flight.isTooOldFor(tags)) return;
    const storedTtl = ttlOf(made, ttl, terms, chosenTtl);
    return keepIfItFits(() => this.#place.store(at, sealed, storedTtl, extrasOf(terms, loadTime, tags), flight.fence));
  }

  /** What is known is right: it begins its ttl anew. What is gone meanwhile stays gone. */
  async #renew(flight: Flight, load: Load, known: Known | undefined): Promise<unknown> {
    const { at, ttl, terms } = load;
    const { chosenTtl, tags } = flight.run.context;
    if (known === undefined) throw nothingUnchanged(at);
    const { recalled, sealed } = known;
    const left = ttlOf(recalled.value, ttl, terms, chosenTtl);
    if (tags !== undefined || left <= 0) await this.#store(flight, load, recalled.value, sealed, recalled.loadTime);
    else if (this.#place.flights.isCurrent(at.name, flight)) {
      const staleFor = Math.max(terms.staleWhileRevalidate, terms.staleIfError);
      await this.#place.renew(at, left, staleFor, flight.fence);
    }
    return sealed;
  }

  #handOut(sealed: unknown): unknown {
    return sealed === undefined ? undefined : this.#place.unseal(sealed);
  }
}

function loadingOf({ key, version }: Address, operation: Operation, isBehind: boolean): Loading {
  return { operation, keys: [key], version, isBehind };
}

export function nothingUnchanged({ key }: Address): TypeError {
  return invalidArgument(
    `The factory of ${show(key)} returned context.unchanged, but there is nothing stored that could be: its context.stale is undefined.`,
  );
}

/** The callers asked for the value, and there it is: that it cannot be kept is no reason to refuse it. */
export function keepIfItFits(store: () => void | Promise<void>): void | Promise<void> {
  try {
    return store()?.catch(unlessTooLarge);
  } catch (error) {
    unlessTooLarge(error);
  }
}

function unlessTooLarge(error: unknown): void {
  if (!(error instanceof ValueTooLargeError)) throw error;
}

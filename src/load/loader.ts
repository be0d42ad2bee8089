import type { LoadContext } from '../core/cache.js';
import { show, ValueTooLargeError } from '../core/errors.js';
import { Flight, type Flights } from './flights.js';
import { type LoadTerms, ttlOf } from './load-terms.js';
import { Run } from './run.js';

export type Factory = (context: LoadContext) => unknown;

/** One entry to be loaded. */
export interface Load {
  /** What its run is called: entries that are one to the backend have one name. */
  readonly name: string;
  readonly key: string;
  readonly factory: Factory;
  /** The ttl that the call asks for, before its terms. */
  readonly ttl: number;
  readonly terms: LoadTerms;
  /** Stores what was made. @throws ValueTooLargeError, and then the value goes to the callers all the same. */
  readonly store: (sealed: unknown, ttl: number) => void | Promise<void>;
}

/** What a loader needs of its cache. */
export interface LoadingPlace {
  /** The runs under way, shared by all caches that share their entries. */
  readonly flights: Flights;
  readonly keyPrefix: string;
  /** A value out of everyone's reach. @throws UncacheableValueError */
  seal(value: unknown): unknown;
  /** The opposite, for one reader. */
  unseal(sealed: unknown): unknown;
}

/** Runs factories, one at a time for each name: in one place for all backends. */
export class Loader {
  readonly #place: LoadingPlace;

  constructor(place: LoadingPlace) {
    this.#place = place;
  }

  /** Joins the run under way, or begins one. The value, for one reader. */
  load(load: Load): Promise<unknown> {
    const { flights } = this.#place;
    flights.checkNotStarting(load.name, load.key);
    return this.#board(flights.joinable(load.name) ?? this.#depart(load), load);
  }

  /** Begins a run even where one is under way, which is overruled. The value, for one reader. */
  reload(load: Load): Promise<unknown> {
    this.#place.flights.checkNotStarting(load.name, load.key);
    return this.#board(this.#depart(load), load);
  }

  /** The same with a factory and a store that return what they have done, not a promise of it. Joins nobody. */
  loadSync(load: Load): unknown {
    const { flights, keyPrefix } = this.#place;
    flights.checkNotStarting(load.name, load.key);
    const flight = new Flight(keyPrefix, new Run());
    flights.depart(load.name, flight);
    try {
      const made = load.factory(flight.run.context);
      if (made === undefined) return undefined;
      const sealed = this.#place.seal(made);
      const ttl = ttlOf(made, load.ttl, load.terms);
      if (flights.isCurrent(load.name, flight)) keepIfItFits(() => load.store(sealed, ttl));
      return this.#handOut(sealed);
    } finally {
      flights.land(load.name, flight);
    }
  }

  #board(flight: Flight, load: Load): Promise<unknown> {
    const answer = flight.outcome.then((sealed) => this.#handOut(sealed));
    return flight.run.wait(answer, load.terms.signal);
  }

  #depart(load: Load): Flight {
    const { flights, keyPrefix } = this.#place;
    const flight = new Flight(keyPrefix, new Run());
    flights.depart(load.name, flight);
    const outcome = this.#fly(flight, load);
    flight.outcome = flight.run.within(load.terms.timeout, outcome, `The factory of ${show(load.key)}`);
    return flight;
  }

  /** What was made, sealed. The flight is current, and others join it, until it is stored. */
  async #fly(flight: Flight, { name, factory, ttl, terms, store }: Load): Promise<unknown> {
    const { flights } = this.#place;
    const { run } = flight;
    try {
      const making = factory(run.context);
      run.isStarting = false;
      const made = await making;
      run.done();
      if (made === undefined) return undefined;
      const sealed = this.#place.seal(made);
      if (flights.isCurrent(name, flight)) {
        const storing = keepIfItFits(() => store(sealed, ttlOf(made, ttl, terms)));
        if (storing !== undefined) await storing;
      }
      return sealed;
    } finally {
      run.done();
      flights.land(name, flight);
    }
  }

  #handOut(sealed: unknown): unknown {
    return sealed === undefined ? undefined : this.#place.unseal(sealed);
  }
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

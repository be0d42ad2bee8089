import { RecursiveLoadError, show } from '../core/errors.js';
import type { Run } from './run.js';
import { WatchedReads } from './watched-reads.js';

/** One entry on its way, and the run that brings it. */
export class Flight {
  /** What the factory made, sealed; `undefined` where there is nothing to store. Set before anyone can join. */
  outcome: Promise<unknown> = Promise.resolve(undefined);
  /** The prefix under which the entry will stand. */
  readonly prefix: string;
  readonly run: Run;

  constructor(prefix: string, run: Run) {
    this.prefix = prefix;
    this.run = run;
  }
}

/**
 * The flights under way in one key space, by name. A flight is current while it stands here: only then may its result be
 * stored, and only then do others join it, unless its run was given up.
 */
export class Flights {
  readonly #current = new Map<string, Flight>();
  /** Reads that may lead to a run. In-process caches need none: nothing comes between their read and the run. */
  readonly reads = new WatchedReads();
  /** What runs have made and is on its way to a server. */
  readonly #storing = new Map<string, Promise<void>>();

  get size(): number {
    return this.#current.size;
  }

  /** The flight that who asks for this name waits for. */
  joinable(name: string): Flight | undefined {
    const flight = this.#current.get(name);
    return flight?.run.isGivenUp ? undefined : flight;
  }

  /** @throws RecursiveLoadError if it is the factory of `key` that asks for it. */
  checkNotStarting(name: string, key: string): void {
    if (this.#current.get(name)?.run.isStarting) {
      throw new RecursiveLoadError(
        `The factory of ${show(key)} asks the cache for ${show(key)} itself. Load the value in the factory.`,
      );
    }
  }

  depart(name: string, flight: Flight): void {
    this.#current.set(name, flight);
  }

  /** Whether the flight may still store what it made. */
  isCurrent(name: string, flight: Flight): boolean {
    return this.#current.get(name) === flight;
  }

  /** Ends the flight. */
  land(name: string, flight: Flight): void {
    if (this.#current.get(name) === flight) this.#current.delete(name);
  }

  /** The entry was written or deleted meanwhile: what the run makes is out of date. */
  overrule(name: string): void {
    this.#current.delete(name);
    this.reads.overrule(name);
  }

  /** The same for all entries, or those under a prefix. */
  overruleAll(prefix?: string): void {
    for (const [name, flight] of this.#current) {
      if (prefix === undefined || flight.prefix === prefix) this.#current.delete(name);
    }
    this.reads.overruleAll();
  }

  /** What a run has made is on its way until `writing` is settled. */
  storing<T>(name: string, writing: Promise<T>): Promise<T> {
    const stored = writing
      .catch(() => {})
      .then(() => {
        if (this.#storing.get(name) === stored) this.#storing.delete(name);
      });
    this.#storing.set(name, stored);
    return writing;
  }

  /** Resolves when nothing of these names, or of all, is on its way any more; `undefined` where nothing is. */
  stored(names: readonly string[] = [...this.#storing.keys()]): Promise<unknown> | undefined {
    if (this.#storing.size === 0) return undefined;
    const under = names.map((name) => this.#storing.get(name)).filter((storing) => storing !== undefined);
    return under.length === 0 ? undefined : Promise.all(under);
  }
}

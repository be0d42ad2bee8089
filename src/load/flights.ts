import type { Fence } from '../core/entry-extras.js';
import { RecursiveLoadError, show } from '../core/errors.js';
import type { Run } from './run.js';
import { WatchedReads } from './watched-reads.js';

/** The outcome of a run behind that another process had begun before. Who waits for it asks anew. */
export const NOT_OURS = Symbol('not ours');

/** One entry on its way, and the run that brings it. */
export class Flight {
  /** What the factory made, sealed; `undefined` where there is nothing to store. Set before anyone can join. */
  outcome: Promise<unknown> = Promise.resolve(undefined);
  /** The prefix under which the entry will stand. */
  readonly prefix: string;
  readonly run: Run;
  /** What it noted when its run began; nothing where no other process changes the entry, or tells. */
  fence: Fence | undefined;
  /** The tags that the call gives the entry. */
  readonly #tags: readonly string[];
  /** Other tags that were deleted meanwhile: the factory may still choose one of them. */
  #deletedTags: Set<string> | undefined;

  constructor(prefix: string, run: Run, tags: readonly string[] = [], fence?: Fence) {
    this.prefix = prefix;
    this.run = run;
    this.fence = fence;
    this.#tags = tags;
  }

  /** These tags were deleted; whether that ends this flight, because the entry is to have one of them. */
  endsWith(tags: readonly string[]): boolean {
    if (tags.some((tag) => this.#tags.includes(tag))) return true;
    this.#deletedTags ??= new Set();
    for (const tag of tags) this.#deletedTags.add(tag);
    return false;
  }

  /** Whether another process has written or deleted the entry meanwhile: nobody who asks now waits for it. */
  get isOvertaken(): boolean {
    return this.fence !== undefined && !this.fence.holds(this.#tags);
  }

  /** Whether one of these tags was deleted since the flight began. */
  isTooOldFor(tags: readonly string[]): boolean {
    return this.#deletedTags !== undefined && tags.some((tag) => this.#deletedTags?.has(tag));
  }
}

/**
 * The flights under way in one key space, by name. A flight is current while it stands here: only then may its result be
 * stored, and only then do others join it, unless its run was given up.
 */
export class Flights {
  readonly #current = new Map<string, Flight>();
  /** Reads that may lead to a run. In process, where the schema that is asked in between answers later. */
  readonly reads = new WatchedReads();
  /** What runs have made and is on its way to a server. */
  readonly #storing = new Map<string, Promise<void>>();

  /** Whether there is nothing that could be overruled. */
  get isIdle(): boolean {
    return this.#current.size === 0 && this.reads.isIdle;
  }

  /** The flight that who asks for this name waits for. */
  joinable(name: string): Flight | undefined {
    const flight = this.#current.get(name);
    return flight === undefined || flight.run.isGivenUp || flight.isOvertaken ? undefined : flight;
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
    this.#end(name, this.#current.get(name));
    this.reads.overrule(name);
  }

  /** The same for all entries, or those under a prefix. */
  overruleAll(prefix?: string): void {
    for (const [name, flight] of this.#current) {
      if (prefix === undefined || flight.prefix === prefix) this.#end(name, flight);
    }
    this.reads.overruleAll();
  }

  /** The same for all entries under a prefix that are to have one of these tags. */
  overruleTagged(prefix: string, tags: readonly string[]): void {
    for (const [name, flight] of this.#current) {
      if (flight.prefix === prefix && flight.endsWith(tags)) this.#end(name, flight);
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

  /** Who begins anew, here or in another process, does not wait for what is out of date. */
  #end(name: string, flight: Flight | undefined): void {
    if (flight === undefined) return;
    this.#current.delete(name);
    flight.run.letGo();
  }
}

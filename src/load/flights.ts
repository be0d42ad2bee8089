/** One run of a factory, and all who wait for it. */
export class Flight {
  /** What the factory made, sealed; `undefined` where there is nothing to store. Set before anyone can join. */
  outcome: Promise<unknown> = Promise.resolve(undefined);
  /** Whether the factory's synchronous part is running: who asks for the key now is the factory itself. */
  isStarting = true;
}

/**
 * The runs under way in one key space, by version and key. A run is current while it stands here: only then may its
 * result be stored, and only then do others join it.
 */
export class Flights {
  readonly #current = new Map<string, Flight>();

  get size(): number {
    return this.#current.size;
  }

  get(key: string, version: number): Flight | undefined {
    return this.#current.get(nameOf(key, version));
  }

  depart(key: string, version: number, flight: Flight): void {
    this.#current.set(nameOf(key, version), flight);
  }

  /** Ends the flight; whether it was still current. */
  land(key: string, version: number, flight: Flight): boolean {
    const name = nameOf(key, version);
    return this.#current.get(name) === flight && this.#current.delete(name);
  }

  /** The key was written or deleted meanwhile: what the run makes is out of date. */
  overrule(key: string, version: number): void {
    this.#current.delete(nameOf(key, version));
  }

  overruleAll(): void {
    this.#current.clear();
  }
}

/** A version is a number, so no two pairs of version and key share a name. */
function nameOf(key: string, version: number): string {
  return `${version}:${key}`;
}

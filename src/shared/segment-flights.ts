import { Flights } from '../load/flights.js';

/** The runs under way in this thread, of all caches at one segment: by prefix, and by whether there is a key function. */
export class SegmentFlights {
  readonly #flights = new Map<string, Flights>();

  /** Those of the caches with this prefix. With a key function, keys of several prefixes may be one and the same. */
  of(prefix: string, hasKeyFunction: boolean): Flights {
    const name = hasKeyFunction ? 'function' : `prefix ${prefix}`;
    const flights = this.#flights.get(name) ?? new Flights();
    this.#flights.set(name, flights);
    return flights;
  }

  /** These tags were deleted. Caches of one prefix share them, also where one of them makes its keys itself. */
  overruleTagged(prefix: string, tags: readonly string[]): void {
    for (const flights of this.#flights.values()) flights.overruleTagged(prefix, tags);
  }

  /** A prefix was cleared; the empty one: the whole segment was. */
  overruleAll(prefix: string): void {
    for (const flights of this.#flights.values()) flights.overruleAll(prefix === '' ? undefined : prefix);
  }
}

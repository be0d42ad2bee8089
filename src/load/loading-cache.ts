import type { SyncCache, ValueOrFactory, WrapOptions } from '../core/cache.js';
import type { Expiry } from '../core/call-options.js';
import { invalidArgument, RecursiveLoadError, show, ValueTooLargeError } from '../core/errors.js';
import { InProcessCache } from '../core/in-process-cache.js';
import { checkKey } from '../core/keys.js';
import { isPlainObject } from '../core/plain.js';
import { Flight, type Flights } from './flights.js';

type Factory = () => unknown;

/** Loading through an in-process cache: `getOrSet` and `wrap`, one run of a factory at a time. */
export abstract class LoadingCache extends InProcessCache implements SyncCache {
  /** The runs under way, shared by all caches that share their entries. */
  protected abstract readonly flights: Flights;
  /** Writes what a run has made, if anybody still has the place open. @throws ValueTooLargeError */
  protected abstract writeLoaded(key: string, sealed: unknown, ttl: number, version: number): void;

  getOrSet<T>(key: string, valueOrFactory: ValueOrFactory<T>, options?: Expiry): Promise<T> {
    try {
      const version = this.entryVersion('getOrSet', options);
      const ttl = this.entryTtl(options);
      const held = this.read(key, version);
      if (held !== undefined) return Promise.resolve(held as T);
      return typeof valueOrFactory === 'function'
        ? (this.#load(key, valueOrFactory as Factory, ttl, version) as Promise<T>)
        : Promise.resolve(this.#keep(key, valueOrFactory, ttl, version) as T);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  getOrSetSync<T>(key: string, valueOrFactory: T | (() => T), options?: Expiry): T {
    const version = this.entryVersion('getOrSet', options);
    const ttl = this.entryTtl(options);
    const held = this.read(key, version);
    if (held !== undefined) return held as T;
    return (
      typeof valueOrFactory === 'function'
        ? this.#loadSync(key, valueOrFactory as Factory, ttl, version)
        : this.#keep(key, valueOrFactory, ttl, version)
    ) as T;
  }

  wrap<A extends unknown[], R, This = unknown>(
    fn: (this: This, ...args: A) => R,
    options: WrapOptions<A>,
  ): (this: This, ...args: A) => Promise<Awaited<R>> {
    if (typeof fn !== 'function') throw invalidArgument(`wrap takes a function; got ${show(fn)}.`);
    if (!isPlainObject(options)) throw invalidArgument(`wrap takes an object of options; got ${show(options)}.`);
    const { key, ...expiry } = options;
    if (typeof key !== 'function') checkKey(key);
    this.entryVersion('wrap', expiry);
    this.entryTtl(expiry);
    const cache = this;
    const wrapped = async function (this: This, ...args: A): Promise<Awaited<R>> {
      const name = typeof key === 'function' ? key(...args) : key;
      return cache.getOrSet(name, () => fn.apply(this, args) as Awaited<R>, expiry);
    };
    return Object.defineProperties(wrapped, { name: { value: fn.name }, length: { value: fn.length } });
  }

  protected override changed(key: string, version: number): void {
    if (this.flights.size > 0) this.flights.overrule(this.flightName(key, version));
  }

  /** What a run is called: entries that are one to the backend have one name. A version is a number: no two clash. */
  protected flightName(key: string, version: number): string {
    return `${version}:${key}`;
  }

  #load(key: string, factory: Factory, ttl: number, version: number): Promise<unknown> {
    const name = this.flightName(key, version);
    let flight = this.flights.get(name);
    if (flight === undefined) {
      flight = new Flight(this.settings.keyPrefix);
      this.flights.depart(name, flight);
      flight.outcome = this.#fly(flight, name, key, factory, ttl, version);
    } else if (flight.isStarting) throw recursive(key);
    return flight.outcome.then((sealed) => (sealed === undefined ? undefined : this.unseal(sealed)));
  }

  async #fly(
    flight: Flight,
    name: string,
    key: string,
    factory: Factory,
    ttl: number,
    version: number,
  ): Promise<unknown> {
    try {
      const made = factory();
      flight.isStarting = false;
      return this.#arrive(flight, name, key, await made, ttl, version);
    } finally {
      this.flights.land(name, flight);
    }
  }

  #loadSync(key: string, factory: Factory, ttl: number, version: number): unknown {
    const name = this.flightName(key, version);
    if (this.flights.get(name)?.isStarting) throw recursive(key);
    const flight = new Flight(this.settings.keyPrefix);
    this.flights.depart(name, flight);
    try {
      const sealed = this.#arrive(flight, name, key, factory(), ttl, version);
      return sealed === undefined ? undefined : this.unseal(sealed);
    } finally {
      this.flights.land(name, flight);
    }
  }

  /** Stores what the factory made, unless the run was overruled or there is nothing to store. The value, sealed. */
  #arrive(flight: Flight, name: string, key: string, value: unknown, ttl: number, version: number): unknown {
    if (value === undefined) return undefined;
    const sealed = this.seal(value);
    if (this.flights.land(name, flight)) {
      try {
        this.writeLoaded(key, sealed, ttl, version);
      } catch (error) {
        // The callers asked for the value, and there it is: that it cannot be kept is no reason to refuse it.
        if (!(error instanceof ValueTooLargeError)) throw error;
      }
    }
    return sealed;
  }

  #keep(key: string, value: unknown, ttl: number, version: number): unknown {
    const sealed = this.sealed(value);
    this.write(key, sealed, ttl, version);
    this.changed(key, version);
    return this.unseal(sealed);
  }
}

function recursive(key: string): RecursiveLoadError {
  return new RecursiveLoadError(
    `The factory of ${show(key)} asks the cache for ${show(key)} itself. Load the value in the factory.`,
  );
}

import { Flights } from '../load/flights.js';

/**
 * The keys of one prefix and version. Choosing a table costs nothing, where building `prefix:version:key` on every call
 * would cost more than the look-up: a fresh string has to be flattened and hashed.
 */
export interface Namespace {
  readonly id: number;
  readonly keyspace: Keyspace;
  /** 0 where a key function makes the stored keys. */
  readonly version: number;
  readonly table: Map<string, number>;
  /** How many open caches look here without asking the keyspace. */
  pins: number;
}

/** All keys of one prefix: a namespace per version, or one for all versions where a key function makes the stored keys. */
export interface Keyspace {
  readonly prefix: string;
  readonly isRaw: boolean;
  readonly flights: Flights;
  readonly namespaces: Map<number, Namespace>;
}

/** Empty namespaces are dropped when there are this many, or twice as many as were left the last time. */
const NAMESPACE_LIMIT = 64;

/** The keyspaces of one store, and their namespaces by id. */
export class Keyspaces {
  readonly namespaces: (Namespace | undefined)[] = [];
  readonly #keyspaces = new Map<string, Keyspace>();
  /** Keys that key functions made are what they are, whatever cache made them: one table and one set of flights. */
  readonly #rawTable = new Map<string, number>();
  readonly #rawFlights = new Flights();
  readonly #freeIds: number[] = [];
  #count = 0;
  #limit = NAMESPACE_LIMIT;

  keyspace(prefix: string, isRaw: boolean): Keyspace {
    const name = nameOf(prefix, isRaw);
    let keyspace = this.#keyspaces.get(name);
    if (keyspace === undefined) {
      keyspace = { prefix, isRaw, flights: isRaw ? this.#rawFlights : new Flights(), namespaces: new Map() };
      this.#keyspaces.set(name, keyspace);
    }
    return keyspace;
  }

  /** The namespace of `version` if anything was ever stored there. */
  find(keyspace: Keyspace, version: number): Namespace | undefined {
    return keyspace.namespaces.get(keyspace.isRaw ? 0 : version);
  }

  /** The namespace of `version`, made if need be. */
  at(keyspace: Keyspace, version: number): Namespace {
    return this.find(keyspace, version) ?? this.#make(keyspace, keyspace.isRaw ? 0 : version);
  }

  /** Runs under way are not to store what they load: of this prefix, or of all. */
  overruleFlights(prefix: string | undefined): void {
    for (const keyspace of this.#keyspaces.values()) {
      keyspace.flights.overruleAll(prefix);
    }
  }

  /** The same of those that are to have one of these tags under a prefix. */
  overruleTagged(prefix: string, tags: readonly string[]): void {
    for (const keyspace of this.#keyspaces.values()) keyspace.flights.overruleTagged(prefix, tags);
  }

  #make(keyspace: Keyspace, version: number): Namespace {
    if (this.#count >= this.#limit) {
      this.#dropEmpty(keyspace);
      this.#limit = Math.max(NAMESPACE_LIMIT, 2 * this.#count);
    }
    const id = this.#freeIds.pop() ?? this.namespaces.length;
    const namespace = {
      id,
      keyspace,
      version,
      table: keyspace.isRaw ? this.#rawTable : new Map<string, number>(),
      pins: 0,
    };
    this.namespaces[id] = namespace;
    this.#count++;
    keyspace.namespaces.set(version, namespace);
    return namespace;
  }

  /** @param used a keyspace that is about to get a namespace, and stays. */
  #dropEmpty(used: Keyspace): void {
    for (const keyspace of this.#keyspaces.values()) {
      for (const [version, { id, table, pins }] of keyspace.namespaces) {
        if (pins > 0 || table.size > 0) continue;
        keyspace.namespaces.delete(version);
        this.namespaces[id] = undefined;
        this.#freeIds.push(id);
        this.#count--;
      }
      if (keyspace.namespaces.size > 0 || keyspace === used) continue;
      this.#keyspaces.delete(nameOf(keyspace.prefix, keyspace.isRaw));
    }
  }
}

function nameOf(prefix: string, isRaw: boolean): string {
  return `${isRaw ? 'raw' : 'plain'}:${prefix}`;
}

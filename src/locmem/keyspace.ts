import { Flights } from '../load/flights.js';

/**
 * The keys of one prefix and version. Choosing a table costs nothing where building `prefix:version:key` on every call
 * would cost more than the look-up (300 ns against 30).
 */
export interface Namespace {
  readonly id: number;
  readonly keyspace: Keyspace;
  readonly table: Map<string, number>;
  /** Whether an open cache looks here without asking the keyspace. */
  isPinned: boolean;
}

/** All keys of one prefix: a namespace per version, or one for all where a key function makes the stored keys. */
export class Keyspace {
  readonly prefix: string;
  readonly flights = new Flights();
  readonly #rawTable: Map<string, number> | undefined;
  readonly #register: (namespace: Namespace) => number;
  readonly #namespaces = new Map<number, Namespace>();

  /**
   * @param rawTable the table of stored keys, which all prefixes share: two key functions may make the same key.
   * @param register takes a new namespace into the store, and gives it its id.
   */
  constructor(prefix: string, rawTable: Map<string, number> | undefined, register: (namespace: Namespace) => number) {
    this.prefix = prefix;
    this.#rawTable = rawTable;
    this.#register = register;
  }

  /** The namespace of `version` if anything was ever stored there. */
  find(version: number): Namespace | undefined {
    return this.#namespaces.get(this.#rawTable === undefined ? version : 0);
  }

  /** The namespace of `version`, made if need be. */
  at(version: number): Namespace {
    return this.find(version) ?? this.#make(this.#rawTable === undefined ? version : 0);
  }

  forget(namespace: Namespace): void {
    for (const [version, candidate] of this.#namespaces) {
      if (candidate === namespace) this.#namespaces.delete(version);
    }
  }

  #make(version: number): Namespace {
    const draft = { id: 0, keyspace: this, table: this.#rawTable ?? new Map<string, number>(), isPinned: false };
    draft.id = this.#register(draft);
    this.#namespaces.set(version, draft);
    return draft;
  }
}

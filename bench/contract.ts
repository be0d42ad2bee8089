/** What a peer, a scenario and a figure are. Types only. */

/** What a reader of a cached object gets: a private copy, one frozen object, or the stored object itself. */
export type Isolation = 'copy' | 'frozen' | 'reference';

interface StoreOptions {
  readonly capacity: number;
  /** Milliseconds, or `null`: entries never expire. */
  readonly ttl: number | null;
  /** Not named: only primitives will be stored, so nothing needs isolating. */
  readonly isolation?: Isolation;
}

/** The two calls that every synchronous contender answers. */
export interface SyncStore {
  get(key: string): unknown;
  set(key: string, value: unknown): unknown;
  /** Empties a store that has no eviction of its own, between rounds. */
  reset?(): void;
}

/** A synchronous contender at its best documented settings. The package is loaded when a store is opened. */
export interface SyncPeer {
  readonly name: string;
  readonly package: string | null;
  /** The settings, in one line, for the report. */
  readonly setting: string;
  /** Whether entries can have a ttl (`on`) and can do without one (`off`). */
  readonly ttl: { readonly on: boolean; readonly off: boolean };
  /** False: the number of entries is not bounded by evicting old ones. */
  readonly evicts: boolean;
  open(options: StoreOptions): Promise<SyncStore>;
}

interface AsyncStoreOptions extends StoreOptions {
  /** Makes the value that `getOrSet` stores on a miss. */
  load(key: string): Promise<unknown>;
}

export interface AsyncStore {
  get?(key: string): Promise<unknown>;
  set?(key: string, value: unknown): Promise<unknown>;
  getOrSet?(key: string): Promise<unknown>;
}

export interface AsyncPeer {
  readonly name: string;
  readonly package: string | null;
  readonly setting: string;
  readonly offers: { readonly get: boolean; readonly getOrSet: boolean };
  open(options: AsyncStoreOptions): Promise<AsyncStore>;
}

/** How long to measure, and at which sizes. */
export interface Effort {
  readonly rounds: number;
  /** How many processes, one after the other, share the rounds of a contender. */
  readonly processes: number;
  readonly roundMs: number;
  readonly warmMs: number;
  readonly manyKeys: number;
  readonly heldEntries: readonly number[];
  readonly pauseMs: number;
}

/** One measured figure, with a remark for the table where there is one. */
export interface Figure {
  readonly value: number;
  readonly note?: string;
}

/** One table of a scenario: its rows, and the row that the others are compared with. */
export interface Table {
  readonly name: string;
  readonly contenders: readonly string[];
  readonly base: string;
}

/** Where a figure stands in a scenario, and what the child process is to measure. */
export interface Cell {
  readonly table: string;
  readonly column: string;
  readonly contender: string;
}

export type Round = () => Promise<Figure>;

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly unit: 'ns' | 'bytes' | 'ms';
  /** How the rounds of a cell become one figure. */
  readonly combine: 'median' | 'max';
  /** How many rounds, where not the usual number. `1`: the processes run one after the other, none stays alive. */
  readonly rounds?: number;
  readonly tables: readonly Table[];
  columns(effort: Effort): readonly string[];
  /** Runs in the child process: makes the store and warms it up, then measures one round at each call. */
  prepare(cell: Cell, effort: Effort): Promise<Round>;
}

/** Every figure of a scenario by table, column, contender. */
export type Results = Map<string, Map<string, Figure>>;

/** What a peer, a scenario and a figure are. Types only. */

/** What a reader of a cached object gets: a private copy, one frozen object, or the stored object itself. */
export type Isolation = 'copy' | 'frozen' | 'reference';

interface StoreOptions {
  readonly capacity: number;
  /** Milliseconds, or `null`: entries never expire. */
  readonly ttl: number | null;
  /** Not named: only primitives will be stored, so nothing needs isolating. */
  readonly isolation?: Isolation;
  /** Where a store that is not in the process has its file. */
  readonly folder?: string;
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
  /** Milliseconds past its ttl for which `getOrSet` may answer with an entry, while it is made anew. Not named: none. */
  readonly staleFor?: number;
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
  readonly offers: { readonly get: boolean; readonly getOrSet: boolean; readonly stale: boolean };
  open(options: AsyncStoreOptions): Promise<AsyncStore>;
}

/** Where a contender finds what the bench set up outside of its process. */
export interface Site {
  /** An empty folder of its own, in memory where the system has such a thing; removed when its process has ended. */
  readonly folder: string;
  /** Where the servers listen, on 127.0.0.1; those not installed are missing. */
  readonly ports: Readonly<Partial<Record<Server, number>>>;
}

export type Server = 'redis-server' | 'memcached';

export interface SharedOptions extends Site {
  /** Before each key on a server, which all contenders have in common. */
  readonly prefix: string;
  readonly ttl: number;
  /** Whether all values are strings, which some stores can keep as they are. */
  readonly isText: boolean;
  readonly keys: number;
  /** About what keys and values take together, in bytes. */
  readonly bytes: number;
  /** The process that keeps the entries of all others, where it is not to be started. */
  readonly primary?: Channel;
}

/** Either end of what joins a process to one that it forked. */
export interface Channel {
  send?(message: object): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** A store outside of the process, called without waiting for another process. */
export interface SharedStore extends SyncStore {
  /** Waits until the writes that `set` began are done, where it only begins them. */
  settle?(): Promise<unknown>;
}

/** A store outside of the process, each call a question to another one. */
export interface AwaitedStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<unknown>;
}

interface SharedPeerFacts {
  readonly name: string;
  readonly package: string | null;
  readonly setting: string;
  /** The program that it talks to; without it on the PATH it does not take part. */
  readonly server?: Server;
}

interface DirectPeer extends SharedPeerFacts {
  readonly isAwaited: false;
  open(options: SharedOptions): Promise<SharedStore>;
}

interface AwaitedPeer extends SharedPeerFacts {
  readonly isAwaited: true;
  open(options: SharedOptions): Promise<AwaitedStore>;
}

/** A cache that several processes have in common. Whoever opens it with the same options has the same entries. */
export type SharedPeer = DirectPeer | AwaitedPeer;

export interface ServerOptions extends SharedOptions {
  /** Makes the value that `getOrSet` stores on a miss. */
  load(key: string): Promise<unknown>;
}

/** A cache whose entries are on a server. */
export interface ServerStore extends AwaitedStore {
  /** The values, in any order. */
  getMany?(keys: readonly string[]): Promise<Iterable<unknown>>;
  getOrSet?(key: string): Promise<unknown>;
}

export interface ServerPeer {
  readonly name: string;
  readonly package: string | null;
  readonly setting: string;
  /** The program that it talks to; without it on the PATH it does not take part. */
  readonly server: Server;
  readonly offers: { readonly getMany: boolean; readonly getOrSet: boolean };
  open(options: ServerOptions): Promise<ServerStore>;
}

/** A cache on a server, or in a file that processes share, of which only loading is compared. */
export interface LoaderPeer extends Pick<ServerPeer, 'name' | 'package' | 'setting' | 'server'> {
  open(options: ServerOptions): Promise<Pick<ServerStore, 'getOrSet'>>;
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
  /** How many processes share one cache, how often they run at once, and how long each time. */
  readonly fleets: readonly number[];
  readonly bursts: number;
  readonly burstMs: number;
}

/** One measured figure, with a remark for the table where there is one. Not a number: it could not be measured here. */
export interface Figure {
  readonly value: number;
  readonly note?: string;
  /** How often a factory ran for it; of several rounds, in the one with the most. */
  readonly runs?: number;
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
  readonly combine: 'median' | 'max' | 'min';
  /** How many rounds, where not the usual number. `1`: the processes run one after the other, none stays alive. */
  readonly rounds?: number;
  /** How many processes share the rounds of a contender, where not the usual number. */
  readonly processes?: number;
  readonly tables: readonly Table[];
  columns(effort: Effort): readonly string[];
  /** Runs in the child process: makes the store and warms it up, then measures one round at each call. */
  prepare(cell: Cell, effort: Effort, site: Site): Promise<Round>;
}

/** Every figure of a scenario by table, column, contender. */
export type Results = Map<string, Map<string, Figure>>;

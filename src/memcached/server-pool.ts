import { Flights } from '../load/flights.js';
import { Leases } from '../load/leases.js';
import type { ConnectionSettings } from './connection.js';
import { HashRing } from './hash-ring.js';
import { Server } from './server.js';

/** The servers of a cluster, with a connection to each: shared by all caches of this process that name the same ones. */
export class ServerPool {
  readonly servers: readonly Server[];
  readonly flights = new Flights();
  readonly leases = new Leases();
  readonly #byAddress: ReadonlyMap<string, Server>;
  readonly #ring: HashRing;
  /** Who waits for a turn at a key. */
  readonly #turns = new Map<string, Promise<unknown>>();
  openers = 0;

  constructor(addresses: readonly string[], settings: ConnectionSettings) {
    this.servers = addresses.map((address) => new Server(address, settings));
    this.#byAddress = new Map(this.servers.map((server) => [server.address, server]));
    this.#ring = new HashRing(addresses);
  }

  get isOpen(): boolean {
    return this.openers > 0;
  }

  serverOf(name: string): Server {
    return this.#byAddress.get(this.#ring.serverOf(name))!;
  }

  /** Those that belong to one server together. */
  grouped<T>(items: readonly T[], nameOf: (item: T) => string): Map<Server, T[]> {
    const groups = new Map<Server, T[]>();
    for (const item of items) {
      const server = this.serverOf(nameOf(item));
      const group = groups.get(server);
      if (group === undefined) groups.set(server, [item]);
      else group.push(item);
    }
    return groups;
  }

  /** One at a time for each key: by `cas`, many at once would keep each other from ever finishing. */
  async inTurn<T>(name: string, run: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(name);
    const turn = before === undefined ? run() : before.then(run, run);
    this.#turns.set(name, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(name) === turn) this.#turns.delete(name);
    }
  }
}

/** What tells pools apart: the servers, or a client that was handed in. */
export type PoolKey = string | object;

const pools = new Map<PoolKey, ServerPool>();

/** The pool of these servers, made by the first who opens it. */
export function openPool(key: PoolKey, addresses: readonly string[], settings: ConnectionSettings): ServerPool {
  let pool = pools.get(key);
  if (pool === undefined) {
    pool = new ServerPool(addresses, settings);
    pools.set(key, pool);
  }
  pool.openers++;
  return pool;
}

/** One cache less has it open; with the last one, its connections go. */
export async function closePool(key: PoolKey, pool: ServerPool): Promise<void> {
  if (--pool.openers > 0) return;
  pools.delete(key);
  await pool.leases.close();
  await Promise.all(pool.servers.map((server) => server.close()));
}

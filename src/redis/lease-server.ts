import type { StoredKeys } from '../core/stored-keys.js';
import { LEASE_TIME, type LeaseServer } from '../load/leases.js';
import type { Connection } from './connection.js';
import { KEEP_LEASE, REMOVE_IF_UNCHANGED, run, type Script } from './scripts.js';
import type { Reply } from './wire.js';

/** Leases as keys of Redis. */
export class RedisLeaseServer implements LeaseServer {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async take(key: string, token: string): Promise<boolean> {
    const command = ['SET', key, token, 'NX', 'PX', String(LEASE_TIME)];
    return (await this.#connection.send(key, false, command)) !== null;
  }

  async keep(key: string, token: string): Promise<boolean> {
    return (await this.#run(KEEP_LEASE, key, [token, String(LEASE_TIME)])) === 1;
  }

  async release(key: string, token: string): Promise<void> {
    await this.#run(REMOVE_IF_UNCHANGED, key, [token]);
  }

  #run(script: Script, key: string, args: readonly string[]): Promise<Reply> {
    return run((command) => this.#connection.send(key, false, command), script, [key], args);
  }
}

/** What the keys of all leases of a prefix begin with. */
function leaseStart(keyPrefix: string): string {
  return `${keyPrefix}:lease:`;
}

/** The keys of the leases of these entries. Those of a prefix that goes on with `:lease` begin alike, and are others'. */
export function leasesOf({ isOurs }: StoredKeys, keyPrefix: string): StoredKeys {
  const beginning = leaseStart(keyPrefix);
  return {
    beginning,
    isOurs(key) {
      const name = key.slice(beginning.length);
      return key.startsWith(beginning) && (isOurs(name) || isOurs(name.slice(1, -1)));
    },
  };
}

/**
 * The key of an entry's lease, which on a cluster must be in the entry's slot, for one script to see both; `undefined`
 * where the braces of its name leave no room for one.
 */
export function leaseKeyOf(name: string, keyPrefix: string, isCluster: boolean): string | undefined {
  const start = leaseStart(keyPrefix);
  if (!isCluster) return `${start}{${name}}`;
  return [`${start}{${name}}`, `${start}${name}`].find((key) => hashed(key) === hashed(name));
}

/** The part of a key that says in which slot it is. */
function hashed(key: string): string {
  const open = key.indexOf('{');
  const close = open < 0 ? -1 : key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

import type { Address } from '../core/engine.js';
import { CacheUnavailableError, show } from '../core/errors.js';
import { whole } from '../core/partly-unavailable.js';
import type { HeldLease } from '../load/leases.js';
import type { Connection } from './connection.js';
import type { Entries } from './entries.js';
import { MOVE, REMOVE, REMOVE_HOLDING } from './entry-scripts.js';
import { leaseKeyOf } from './lease-server.js';
import { REMOVE_IF_UNCHANGED, run } from './scripts.js';
import { inShares, sharesOf } from './shares.js';
import type { Argument } from './wire.js';

/** How often a move across nodes is tried again because the entry was written meanwhile. */
const MOVES = 20;

/** Entries that leave their keys, and with them the leases of their loads: no run that is under way stores any more. */
export class Removals {
  readonly #connection: Connection;
  readonly #entries: Entries;
  readonly #keyPrefix: string;

  constructor(connection: Connection, entries: Entries, keyPrefix: string) {
    this.#connection = connection;
    this.#entries = entries;
    this.#keyPrefix = keyPrefix;
  }

  async remove({ name }: Address): Promise<boolean> {
    return (await this.#remove([name], await this.#connection.isCluster())) === 1;
  }

  /** Unless the lease is another's by now. */
  async removeHolding(lease: HeldLease | undefined, at: Address): Promise<boolean> {
    if (lease === undefined) return this.remove(at);
    const send = (command: Argument[]) => this.#connection.send(at.name, false, command);
    return (await run(send, REMOVE_HOLDING, [at.name, lease.key], [lease.token])) === 1;
  }

  /** How many of them were there. */
  async removeMany(ats: readonly Address[]): Promise<number> {
    if (await this.#connection.isCluster()) {
      const { answers, failure } = await inShares(ats, (at) => this.remove(at));
      return whole(answers.filter((was) => was).length, failure);
    }
    let count = 0;
    for (const share of sharesOf(ats)) {
      count += await this.#remove(
        share.map(({ name }) => name),
        false,
      );
    }
    return count;
  }

  async move(from: Address, to: Address): Promise<boolean> {
    if (await this.#connection.isCluster()) return this.#moveAcross(from, to);
    const names = [from.name, to.name];
    return (await this.#entries.judged(MOVE, [...names, ...this.#leaseKeys(names, false)], [])) === 1;
  }

  async #remove(names: readonly string[], isCluster: boolean): Promise<number> {
    return (await this.#entries.judged(REMOVE, [...names, ...this.#leaseKeys(names, isCluster)], [])) as number;
  }

  /** The keys of the leases of these entries; where there is none, that of the entry itself. */
  #leaseKeys(names: readonly string[], isCluster: boolean): string[] {
    return names.map((name) => leaseKeyOf(name, this.#keyPrefix, isCluster) ?? name);
  }

  /**
   * Between nodes there is no common step: it is written there before it is removed here, if it is still the same, so
   * that nothing is lost. For a moment it stands at both.
   */
  async #moveAcross(from: Address, to: Address): Promise<boolean> {
    const connection = this.#connection;
    const leases = [from, to].map(({ name }) => leaseKeyOf(name, this.#keyPrefix, true));
    await Promise.all(leases.map((key) => key !== undefined && connection.send(key, false, ['UNLINK', key])));
    const send = (command: Argument[]) => connection.send(from.name, false, command);
    for (let i = 0; i < MOVES; i++) {
      const found = await this.#entries.findOne(from.name);
      if (found === undefined || found.left <= 0) return false;
      const { bytes, keyLeft } = found;
      const expiry = keyLeft === Number.POSITIVE_INFINITY ? [] : ['PX', String(Math.max(keyLeft, 1))];
      await connection.send(to.name, false, ['SET', to.name, bytes, ...expiry]);
      if ((await run(send, REMOVE_IF_UNCHANGED, [from.name], [bytes])) === 1) return true;
    }
    throw new CacheUnavailableError(`${show(from.key)} was written all the time while it was to be moved. Try again.`);
  }
}

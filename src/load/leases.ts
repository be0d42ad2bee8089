import { randomUUID } from 'node:crypto';
import type { Lease } from '../core/entry-extras.js';

/**
 * Milliseconds after which the lease of a holder that died, or was out of reach for so long, is anyone's. Well within the
 * default of `lockTimeout`: of those that waited from the start one takes over, and the others wait for it.
 */
export const LEASE_TIME = 3000;
/** Renewals in that time. */
const RENEWALS = 3;

/** Where leases are kept: a server that forgets them when their time is over. */
export interface LeaseServer {
  /** Keeps the token under this key for {@link LEASE_TIME}, unless there is one. */
  take(key: string, token: string): Promise<boolean>;
  /** The same for one that is there: for that time from now. Whether it is there still. */
  keep(key: string, token: string): Promise<boolean>;
  /** Removes it, if it is still this token. */
  release(key: string, token: string): Promise<void>;
}

/** A lease of this process: whether it was lost only the server can say. */
export interface HeldLease {
  readonly key: string;
  readonly token: string;
}

interface Held extends HeldLease {
  readonly server: LeaseServer;
  readonly timer: NodeJS.Timeout;
}

/** The leases of entries' loads that this process has taken. While they are held they are renewed. */
export class Leases {
  readonly #held = new Map<string, Held>();
  /** Those on their way back, by the key that they are kept under. */
  readonly #leaving = new Map<string, Promise<void>>();

  /** What whoever stores the entry of this name must have; nothing where it runs without. */
  of(name: string): HeldLease | undefined {
    return this.#held.get(name);
  }

  async take(name: string, key: string, server: LeaseServer): Promise<Lease | undefined> {
    const token = randomUUID();
    // Its own last run is none of another process: a refresh would be left to nobody.
    await this.#leaving.get(key);
    if (!(await server.take(key, token))) return undefined;
    const timer = setInterval(() => {
      server.keep(key, token).then(
        (isHeld) => {
          if (!isHeld) clearInterval(timer);
        },
        // Out of reach: it may be held still.
        () => {},
      );
    }, LEASE_TIME / RENEWALS).unref();
    const held: Held = { key, token, server, timer };
    this.#held.set(name, held);
    return { release: () => this.#release(name, held) };
  }

  /** Gives all back: others need not wait for runs that store nothing any more. */
  async close(): Promise<void> {
    await Promise.all([...this.#held].map(([name, held]) => this.#release(name, held)));
  }

  async #release(name: string, held: Held): Promise<void> {
    clearInterval(held.timer);
    if (this.#held.get(name) === held) this.#held.delete(name);
    const { key, token, server } = held;
    // Out of reach it ends by itself.
    const leaving = server.release(key, token).catch(() => {});
    this.#leaving.set(key, leaving);
    await leaving;
    if (this.#leaving.get(key) === leaving) this.#leaving.delete(key);
  }
}

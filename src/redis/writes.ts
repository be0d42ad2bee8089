import type { Address, NewEntry } from '../core/engine.js';
import type { EntryExtras } from '../core/entry-extras.js';
import { CacheUnavailableError, show, ValueTooLargeError } from '../core/errors.js';
import { whole } from '../core/partly-unavailable.js';
import type { HeldLease } from '../load/leases.js';
import type { Connection } from './connection.js';
import { type Entries, LONGEST_TTL } from './entries.js';
import type { Reads } from './reads.js';
import { sharesOf } from './shares.js';
import { isRefusal } from './unavailable.js';
import type { Argument } from './wire.js';

/** Redis takes no more (`proto-max-bulk-len`), and ends the connection of who tries. */
const LARGEST_VALUE = 512 * 1024 * 1024;

/** New entries, by plain commands as far as these do: scripts store what has tags, or must find something to be as it was. */
export class Writes {
  readonly #connection: Connection;
  readonly #entries: Entries;
  readonly #reads: Reads;

  constructor(connection: Connection, entries: Entries, reads: Reads) {
    this.#connection = connection;
    this.#entries = entries;
    this.#reads = reads;
  }

  write(at: Address, sealed: unknown, ttl: number, extras: EntryExtras | undefined): Promise<void> {
    if (extras !== undefined && ttl > 0) return this.#writeEntry(at, sealed, ttl, extras);
    let command: Argument[];
    try {
      command = ttl <= 0 ? ['UNLINK', at.name] : setOf(at, sealed, ttl);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#connection.send(at.name, false, command, nothing);
  }

  async #writeEntry(at: Address, sealed: unknown, ttl: number, extras: EntryExtras): Promise<void> {
    await this.#entries.store(at.name, checked(at, sealed), ttl, { extras });
  }

  /** Whether it was stored: not if there was a lease, and it is held no more. @param ttl more than 0 */
  async writeHolding(
    lease: HeldLease | undefined,
    at: Address,
    sealed: unknown,
    ttl: number,
    extras: EntryExtras | undefined,
  ): Promise<boolean> {
    if (lease !== undefined) return this.#entries.store(at.name, checked(at, sealed), ttl, { extras, lease });
    await this.write(at, sealed, ttl, extras);
    return true;
  }

  /** What is stale stands in nobody's way, and only then more than one step is needed. @param ttl more than 0 */
  async writeNew(at: Address, sealed: unknown, ttl: number, extras: EntryExtras | undefined): Promise<boolean> {
    if (extras === undefined) {
      const command = [...setOf(at, sealed, ttl), 'NX'];
      if ((await this.#connection.send(at.name, false, command)) !== null) return true;
      if (!(await this.#reads.containsHeader(at))) return false;
    }
    return this.#entries.store(at.name, checked(at, sealed), ttl, { extras, isNew: true });
  }

  /** Those that were not stored. Each has an answer of its own: MSET knows no ttl. */
  async writeMany(entries: readonly NewEntry[], ttl: number, extras: EntryExtras | undefined): Promise<Address[]> {
    const failed: Address[] = [];
    let failure: CacheUnavailableError | undefined;
    for (const share of sharesOf(entries)) {
      const results = await Promise.allSettled(share.map(({ at, sealed }) => this.write(at, sealed, ttl, extras)));
      for (const [i, result] of results.entries()) {
        if (result.status === 'fulfilled') continue;
        const { reason } = result;
        if (!(reason instanceof ValueTooLargeError)) {
          if (!(reason instanceof CacheUnavailableError)) throw reason;
          if (!isRefusal(reason)) failure ??= reason;
        }
        failed.push(share[i]!.at);
      }
    }
    return whole(failed, failure);
  }
}

function setOf(at: Address, sealed: unknown, ttl: number): Argument[] {
  const value = checked(at, sealed);
  return ttl >= LONGEST_TTL ? ['SET', at.name, value] : ['SET', at.name, value, 'PX', String(Math.ceil(ttl))];
}

/** @throws ValueTooLargeError */
function checked({ key }: Address, sealed: unknown): string | Buffer {
  const value = sealed as string | Buffer;
  // A UTF-16 unit is at most three bytes of UTF-8: most values are cleared by one comparison.
  if (value.length * 3 > LARGEST_VALUE && Buffer.byteLength(value) > LARGEST_VALUE) {
    throw new ValueTooLargeError(
      `The value of ${show(key)} takes ${Buffer.byteLength(value)} bytes; Redis takes at most ${LARGEST_VALUE}. Store less.`,
    );
  }
  return value;
}

function nothing(): void {}

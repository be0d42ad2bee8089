import type { CacheSettings } from '../core/cache-options.js';
import { cannotClearUnder } from '../core/clear-under.js';
import { type Address, type NewEntry, NotNumber } from '../core/engine.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { defaultKeyFunction, warnOfUnportableKey } from '../core/keys.js';
import type { Flights } from '../load/flights.js';
import type { LoadingEngine } from '../load/loading-server-cache.js';
import type { Row } from './keyv-instance.js';
import type { Place, Session } from './place.js';
import { StoredValues } from './stored-value.js';

/** Rows that are deleted at a time: adapters put their names in one statement. */
const BATCH = 500;
const NO_ITERATOR = "the Keyv's store has no iterator";

/** A value that was read, and the milliseconds that it still lives. */
export interface Timed {
  readonly value: unknown;
  readonly ttl: number;
}

/**
 * The entries of a cache in a Keyv, which can read, write and delete and nothing in between: whatever changes an entry
 * takes its turn with the other changes of that name in this process. Other processes are not held up.
 */
export class KeyvEngine implements LoadingEngine {
  readonly #settings: CacheSettings;
  readonly #place: Place;
  readonly #session: Session;
  readonly #values = new StoredValues();

  constructor(settings: CacheSettings, place: Place) {
    this.#settings = settings;
    this.#place = place;
    this.#session = place.session;
  }

  get flights(): Flights {
    return this.#session.flights;
  }

  async read(at: Address): Promise<unknown> {
    const row = await this.#live(at);
    return row === undefined ? undefined : this.#values.fromStore(row.value);
  }

  async readMany(ats: readonly Address[]): Promise<unknown[]> {
    const timed = await this.readTimed(ats);
    return timed.map((one) => one?.value);
  }

  /** The values with the time that they have left; `undefined` where there is none. In the order asked. */
  async readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    const names = ats.map(({ name }) => name);
    const rows = await this.#place.rows.getMany(names);
    const now = Date.now();
    await this.#removeExpired(names.filter((_, i) => isExpired(rows[i], now)));
    return rows.map((row) => {
      if (row === undefined || isExpired(row, now)) return undefined;
      const value = this.#values.fromStore(row.value);
      return value === undefined ? undefined : { value, ttl: endOf(row) - now };
    });
  }

  async contains(at: Address): Promise<boolean> {
    return (await this.#live(at)) !== undefined;
  }

  write(at: Address, sealed: unknown, ttl: number): Promise<void> {
    return this.#change([at], () => this.#put(at, this.#values.toStore(sealed), Date.now() + ttl));
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number): Promise<void> {
    if (this.#session.users > 0) await this.write(at, sealed, ttl);
  }

  writeNew(at: Address, sealed: unknown, ttl: number): Promise<boolean> {
    return this.#change([at], async () => {
      if ((await this.#find(at)) !== undefined) return false;
      await this.#put(at, this.#values.toStore(sealed), Date.now() + ttl);
      return true;
    });
  }

  writeMany(entries: readonly NewEntry[], ttl: number): Promise<Address[]> {
    const ats = entries.map(({ at }) => at);
    return this.#change(ats, async () => {
      if (ttl <= 0) {
        await this.#place.rows.deleteMany(ats.map(({ name }) => name));
        return [];
      }
      const expires = Date.now() + ttl;
      const rows = entries.map(({ at, sealed }) => ({ name: at.name, value: this.#values.toStore(sealed), expires }));
      const refused = await this.#place.rows.setMany(rows);
      return ats.filter(({ name }) => refused.has(name));
    });
  }

  remove(at: Address): Promise<boolean> {
    return this.#change([at], async () => {
      if ((await this.#find(at)) === undefined) return false;
      await this.#place.rows.delete(at.name);
      return true;
    });
  }

  removeMany(ats: readonly Address[]): Promise<number> {
    return this.#change(ats, async () => {
      const names = ats.map(({ name }) => name);
      const rows = await this.#place.rows.getMany(names);
      const now = Date.now();
      const there = names.filter((_, i) => rows[i] !== undefined && !isExpired(rows[i], now));
      if (there.length > 0) await this.#place.rows.deleteMany(there);
      return there.length;
    });
  }

  prolong(at: Address, ttl: number): Promise<boolean> {
    return this.#change([at], async () => {
      const row = await this.#find(at);
      if (row === undefined) return false;
      await this.#put(at, row.value, Date.now() + ttl);
      return true;
    });
  }

  increase(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#change([at], async () => {
      const row = await this.#find(at);
      if (row === undefined) return undefined;
      const value = this.#values.fromStore(row.value);
      if (typeof value !== 'number') return value === undefined ? undefined : new NotNumber(value);
      const sum = value + delta;
      await this.#put(at, this.#values.toStore(this.#values.seal(sum)), endOf(row));
      return sum;
    });
  }

  move(from: Address, to: Address): Promise<boolean> {
    return this.#change([from, to], async () => {
      const row = await this.#find(from);
      if (row === undefined) return false;
      if (from.name === to.name) return true;
      // There before it is gone here: who dies in between loses nothing.
      await this.#put(to, row.value, endOf(row));
      await this.#place.rows.delete(from.name);
      return true;
    });
  }

  async removeAll(): Promise<void> {
    const { rows, queues } = this.#place;
    const { keyPrefix, keyFunction } = this.#settings;
    if (keyPrefix === '') return queues.runAlone(() => rows.clear());
    if (keyFunction !== defaultKeyFunction) throw cannotClear(keyPrefix, 'its keyFunction makes the keys');
    if (!rows.canList) throw cannotClear(keyPrefix, NO_ITERATOR);
    return this.#removeListed((name) => isUnder(name, keyPrefix));
  }

  async removeUnder(head: string): Promise<void> {
    if (!this.#place.rows.canList) throw cannotClearUnder(head, NO_ITERATOR);
    return this.#removeListed((name) => name.startsWith(head));
  }

  seal(value: unknown): unknown {
    return this.#values.seal(value);
  }

  unseal(sealed: unknown): unknown {
    return this.#values.unseal(sealed);
  }

  checkName(name: string): void {
    warnOfUnportableKey(name, 0);
  }

  /** The Keyv is its maker's, and others may be using it: it stays connected. */
  async close(): Promise<void> {
    this.#session.users--;
  }

  #change<T>(ats: readonly Address[], change: () => Promise<T>): Promise<T> {
    return this.#place.queues.run([...new Set(ats.map(({ name }) => name))], change);
  }

  #removeListed(isWanted: (name: string) => boolean): Promise<void> {
    const { rows, queues } = this.#place;
    return queues.runAlone(async () => {
      const names = await rows.list(isWanted);
      for (let i = 0; i < names.length; i += BATCH) await rows.deleteMany(names.slice(i, i + BATCH));
    });
  }

  /** The row, unless it has expired. */
  async #find(at: Address): Promise<Row | undefined> {
    const row = await this.#place.rows.get(at.name);
    return isExpired(row, Date.now()) ? undefined : row;
  }

  /** The same for a reader, who removes it if it has expired. */
  async #live(at: Address): Promise<Row | undefined> {
    const row = await this.#place.rows.get(at.name);
    if (!isExpired(row, Date.now())) return row;
    await this.#removeExpired([at.name]);
    return undefined;
  }

  /** Many adapters keep expired rows until they are deleted. Meanwhile somebody may have stored the names anew. */
  async #removeExpired(names: readonly string[]): Promise<void> {
    const { rows, queues } = this.#place;
    for (const name of new Set(names)) {
      await queues.run([name], async () => {
        if (isExpired(await rows.get(name), Date.now())) await rows.delete(name);
      });
    }
  }

  async #put(at: Address, stored: unknown, expires: number): Promise<void> {
    const { rows } = this.#place;
    if (expires > Date.now()) await rows.set({ name: at.name, value: stored, expires });
    else await rows.delete(at.name);
  }
}

function endOf(row: Row): number {
  return typeof row.expires === 'number' ? row.expires : Number.POSITIVE_INFINITY;
}

function isExpired(row: Row | undefined, now: number): boolean {
  return row !== undefined && endOf(row) <= now;
}

/** Whether a stored key is `prefix:version:key`. */
function isUnder(name: string, prefix: string): boolean {
  return name.startsWith(`${prefix}:`) && /^-?\d+:/.test(name.slice(prefix.length + 1));
}

function cannotClear(prefix: string, reason: string): InvalidConfigError {
  return new InvalidConfigError(
    `clear() cannot tell the entries of prefix ${show(prefix)}: ${reason}. Use a Keyv with a namespace of its own ` +
      'instead of the prefix.',
  );
}

import type { CacheSettings } from '../core/cache-options.js';
import { cannotClearUnder } from '../core/clear-under.js';
import { type Address, type NewEntry, NotNumber, type Timed } from '../core/engine.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { warnOfUnportableKey } from '../core/keys.js';
import { storedKeys } from '../core/stored-keys.js';
import type { Flights } from '../load/flights.js';
import type { FarLoadingEngine } from '../load/loading-server-cache.js';
import type { Row } from './keyv-instance.js';
import type { Place, Session } from './place.js';
import { StoredValues } from './stored-value.js';
import { TimeLimit } from './time-limit.js';

/** Rows that are deleted at a time: adapters put their names in one statement. */
const BATCH = 500;
const NO_ITERATOR = "the Keyv's store has no iterator";

/**
 * The entries of a cache in a Keyv, which can read, write and delete and nothing in between: whatever changes an entry
 * takes its turn with the other changes of that name in this process. Other processes are not held up.
 */
export class KeyvEngine implements FarLoadingEngine {
  readonly #settings: CacheSettings;
  readonly #place: Place;
  readonly #session: Session;
  readonly #limit: TimeLimit;
  readonly #values = new StoredValues();

  constructor(settings: CacheSettings, place: Place, commandTimeout: number) {
    this.#settings = settings;
    this.#limit = new TimeLimit(commandTimeout);
    this.#place = place;
    this.#session = place.session;
  }

  get flights(): Flights {
    return this.#session.flights;
  }

  async read(at: Address): Promise<unknown> {
    const row = await this.#limit.run(() => this.#live(at));
    return row === undefined ? undefined : this.#values.fromStore(row.value);
  }

  async readMany(ats: readonly Address[]): Promise<unknown[]> {
    const timed = await this.readTimed(ats);
    return timed.map((one) => one?.value);
  }

  /** The values with the time that they have left; `undefined` where there is none. In the order asked. */
  readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    return this.#limit.run(() => this.#readTimed(ats));
  }

  async #readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
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

  recall(): never {
    throw new Error('to be written');
  }

  renew(): never {
    throw new Error('to be written');
  }

  removeTags(): never {
    throw new Error('to be written');
  }

  async contains(at: Address): Promise<boolean> {
    return (await this.#limit.run(() => this.#live(at))) !== undefined;
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
    const { keyPrefix } = this.#settings;
    if (keyPrefix === '') {
      return this.#limit.run(({ over }) => queues.runAlone(() => Promise.race([over, rows.clear()])));
    }
    const { isOurs } = storedKeys(this.#settings);
    if (!rows.canList) throw cannotClear(keyPrefix);
    return this.#removeListed(isOurs);
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
    return this.#inTurn([...new Set(ats.map(({ name }) => name))], change);
  }

  /** In its turn and in time, or not at all; behind a change that hangs, the next one has its turn when that one's time is over. */
  #inTurn<T>(names: readonly string[], change: () => Promise<T>): Promise<T> {
    return this.#limit.run((limit) =>
      this.#place.queues.run(names, () => Promise.race(limit.isOver ? [limit.over] : [limit.over, change()])),
    );
  }

  /** However many there are, no step takes longer than one call may. */
  #removeListed(isWanted: (name: string) => boolean): Promise<void> {
    const { rows, queues } = this.#place;
    return queues.runAlone(async () => {
      const names: string[] = [];
      const list = rows.list();
      for (;;) {
        const { done, value } = await this.#limit.run(() => list.next());
        if (done) break;
        if (isWanted(value)) names.push(value);
      }
      for (let i = 0; i < names.length; i += BATCH) {
        await this.#limit.run(() => rows.deleteMany(names.slice(i, i + BATCH)));
      }
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
    const { rows } = this.#place;
    for (const name of new Set(names)) {
      await this.#inTurn([name], async () => {
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

function cannotClear(prefix: string): InvalidConfigError {
  return new InvalidConfigError(
    `clear() cannot tell the entries of the keyPrefix ${show(prefix)} from others: ${NO_ITERATOR}. Use a Keyv with a ` +
      'namespace of its own instead of the prefix.',
  );
}

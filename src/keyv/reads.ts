import type { Address, Timed } from '../core/engine.js';
import type { Recalled } from '../core/entry-extras.js';
import { type Entries, ifLive } from './entries.js';
import { type Found, isExpired } from './entry-rows.js';
import type { Rows } from './rows.js';
import type { StoredValues } from './stored-value.js';
import type { TimeLimit } from './time-limit.js';
import type { Turns } from './turns.js';

/** Values, without waiting for a turn. Who reads what has expired removes it: many adapters keep it until somebody does. */
export class Reads {
  readonly #rows: Rows;
  readonly #entries: Entries;
  readonly #values: StoredValues;
  readonly #limit: TimeLimit;
  readonly #turns: Turns;

  constructor(rows: Rows, entries: Entries, values: StoredValues, limit: TimeLimit, turns: Turns) {
    this.#rows = rows;
    this.#entries = entries;
    this.#values = values;
    this.#limit = limit;
    this.#turns = turns;
  }

  async read(at: Address): Promise<unknown> {
    const found = await this.#limit.run(() => this.#live(at));
    return found === undefined ? undefined : this.#values.fromStore(found.stored);
  }

  readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    return this.#limit.run(() => this.#readTimed(ats));
  }

  async recall(at: Address): Promise<Recalled | undefined> {
    const found = await this.#limit.run(() => this.#entries.recall(at));
    const value = found && this.#values.fromStore(found.stored);
    if (found === undefined || value === undefined) return undefined;
    const { loadTime = 0, tags = [] } = found.extra ?? {};
    return { value, left: found.expires - Date.now(), loadTime, tags };
  }

  async contains(at: Address): Promise<boolean> {
    return (await this.#limit.run(() => this.#live(at))) !== undefined;
  }

  async #readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    const names = ats.map(({ name }) => name);
    const rows = await this.#rows.getMany(names);
    const now = Date.now();
    await this.#removeExpired(names.filter((_, i) => isExpired(rows[i], now)));
    const found = await this.#entries.foundIn(rows);
    return found.map((one) => {
      if (one === undefined || one.expires <= now) return undefined;
      const value = this.#values.fromStore(one.stored);
      if (value === undefined) return undefined;
      return { value, ttl: one.expires - now, ...(one.extra && { tags: one.extra.tags }) };
    });
  }

  async #live({ name }: Address): Promise<Found | undefined> {
    const row = await this.#rows.get(name);
    if (!isExpired(row, Date.now())) {
      const [found] = await this.#entries.foundIn([row]);
      return ifLive(found);
    }
    await this.#removeExpired([name]);
    return undefined;
  }

  /** In its turn: meanwhile somebody may have stored the names anew. */
  async #removeExpired(names: readonly string[]): Promise<void> {
    for (const name of new Set(names)) {
      await this.#turns.runNamed([name], async () => {
        if (isExpired(await this.#rows.get(name), Date.now())) await this.#rows.delete(name);
      });
    }
  }
}

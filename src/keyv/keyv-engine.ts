import type { CacheSettings } from '../core/cache-options.js';
import { type Address, type NewEntry, NotNumber, type Timed } from '../core/engine.js';
import type { EntryExtras, Recalled } from '../core/entry-extras.js';
import { warnOfUnportableKey } from '../core/keys.js';
import type { Flights } from '../load/flights.js';
import type { FarLoadingEngine } from '../load/loading-server-cache.js';
import { Clearing } from './clearing.js';
import { Entries } from './entries.js';
import { contentAgain, contentOf } from './entry-rows.js';
import type { Place, Session } from './place.js';
import { Reads } from './reads.js';
import type { Rows } from './rows.js';
import { StoredValues } from './stored-value.js';
import { TagRows } from './tag-rows.js';
import { TimeLimit } from './time-limit.js';
import { Turns } from './turns.js';
import { Writes } from './writes.js';

/**
 * The entries of a cache in a Keyv, which can read, write and delete and nothing in between: whatever changes an entry
 * takes its turn with the other changes of that name in this process. Other processes are not held up.
 */
export class KeyvEngine implements FarLoadingEngine {
  readonly #session: Session;
  readonly #rows: Rows;
  readonly #limit: TimeLimit;
  readonly #turns: Turns;
  readonly #values = new StoredValues();
  readonly #tags: TagRows;
  readonly #entries: Entries;
  readonly #reads: Reads;
  readonly #writes: Writes;
  readonly #clearing: Clearing;

  constructor(settings: CacheSettings, { rows, queues, session }: Place, commandTimeout: number) {
    const limit = new TimeLimit(commandTimeout);
    const turns = new Turns(queues, limit);
    const tags = new TagRows(rows, settings.keyPrefix);
    const entries = new Entries(rows, tags);
    this.#session = session;
    this.#rows = rows;
    this.#limit = limit;
    this.#turns = turns;
    this.#tags = tags;
    this.#entries = entries;
    this.#reads = new Reads(rows, entries, this.#values, limit, turns);
    this.#writes = new Writes(rows, entries, tags, this.#values, limit, turns);
    this.#clearing = new Clearing(rows, queues, limit, settings);
  }

  get flights(): Flights {
    return this.#session.flights;
  }

  read(at: Address): Promise<unknown> {
    return this.#reads.read(at);
  }

  async readMany(ats: readonly Address[]): Promise<unknown[]> {
    const timed = await this.#reads.readTimed(ats);
    return timed.map((one) => one?.value);
  }

  readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    return this.#reads.readTimed(ats);
  }

  recall(at: Address): Promise<Recalled | undefined> {
    return this.#reads.recall(at);
  }

  contains(at: Address): Promise<boolean> {
    return this.#reads.contains(at);
  }

  write(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    return this.#writes.write(at, sealed, ttl, extras);
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    await this.storeLoaded(at, sealed, ttl, extras);
  }

  async storeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    if (this.#session.users === 0) return false;
    await this.#writes.write(at, sealed, ttl, extras);
    return true;
  }

  writeNew(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    return this.#writes.writeNew(at, sealed, ttl, extras);
  }

  writeMany(entries: readonly NewEntry[], ttl: number, extras?: EntryExtras): Promise<Address[]> {
    return this.#writes.writeMany(entries, ttl, extras);
  }

  renew(at: Address, ttl: number, staleFor: number): Promise<boolean> {
    return this.#turns.run([at], async () => {
      const found = await this.#entries.recall(at);
      if (found === undefined) return false;
      const { loadTime = 0, tags = [], versions = [] } = found.extra ?? {};
      const extras = { staleFor, loadTime, tags };
      await this.#entries.put(at, contentOf(found.stored, Date.now() + ttl, extras, versions));
      return true;
    });
  }

  prolong(at: Address, ttl: number): Promise<boolean> {
    return this.#turns.run([at], async () => {
      const found = await this.#entries.find(at);
      if (found === undefined) return false;
      await this.#entries.put(at, contentAgain(found, found.stored, Date.now() + ttl));
      return true;
    });
  }

  increase(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#turns.run([at], async () => {
      const found = await this.#entries.find(at);
      if (found === undefined) return undefined;
      const value = this.#values.fromStore(found.stored);
      if (typeof value !== 'number') return value === undefined ? undefined : new NotNumber(value);
      const sum = value + delta;
      const stored = this.#values.toStore(this.#values.seal(sum));
      await this.#entries.put(at, contentAgain(found, stored, found.expires));
      return sum;
    });
  }

  removeLoaded(at: Address): Promise<boolean> {
    return this.remove(at);
  }

  remove(at: Address): Promise<boolean> {
    return this.#turns.run([at], async () => {
      const wasThere = (await this.#entries.find(at)) !== undefined;
      if (wasThere || (await this.#rows.get(at.name)) !== undefined) await this.#rows.delete(at.name);
      return wasThere;
    });
  }

  removeMany(ats: readonly Address[]): Promise<number> {
    return this.#turns.run(ats, async () => {
      const names = ats.map(({ name }) => name);
      const rows = await this.#rows.getMany(names);
      const there = names.filter((_, i) => rows[i] !== undefined);
      const found = await this.#entries.foundIn(rows);
      if (there.length > 0) await this.#rows.deleteMany(there);
      const now = Date.now();
      return found.filter((one) => one !== undefined && one.expires > now).length;
    });
  }

  move(from: Address, to: Address): Promise<boolean> {
    return this.#turns.run([from, to], async () => {
      const found = await this.#entries.find(from);
      if (found === undefined) return false;
      if (from.name === to.name) return true;
      // There before it is gone here: who dies in between loses nothing.
      await this.#entries.put(to, contentAgain(found, found.stored, found.expires));
      await this.#rows.delete(from.name);
      return true;
    });
  }

  removeTags(tags: readonly string[]): Promise<void> {
    return this.#limit.run(() => this.#tags.deleteAll(tags));
  }

  removeAll(): Promise<void> {
    return this.#clearing.removeAll();
  }

  removeUnder(head: string): Promise<void> {
    return this.#clearing.removeUnder(head);
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
}

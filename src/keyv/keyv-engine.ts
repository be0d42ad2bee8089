import type { CacheSettings } from '../core/cache-options.js';
import { cannotClearUnder } from '../core/clear-under.js';
import { type Address, type NewEntry, NotNumber, type Timed } from '../core/engine.js';
import type { EntryExtras, Recalled } from '../core/entry-extras.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { warnOfUnportableKey } from '../core/keys.js';
import { storedKeys } from '../core/stored-keys.js';
import { storedStaleFor } from '../encoding/envelope.js';
import type { Flights } from '../load/flights.js';
import type { FarLoadingEngine } from '../load/loading-server-cache.js';
import { type ExtraValue, extraText, readExtraText } from './extra-value.js';
import type { Row } from './keyv-instance.js';
import type { Place, Session } from './place.js';
import { StoredValues } from './stored-value.js';
import { TagRows } from './tag-rows.js';
import { TimeLimit } from './time-limit.js';

/** Rows that are deleted at a time: adapters put their names in one statement. */
const BATCH = 500;
const NO_ITERATOR = "the Keyv's store has no iterator";

/** An entry as it was read. */
interface Found {
  /** As the entry would be stored without extras. */
  readonly stored: unknown;
  /** When it expires: in the past where it is stale. */
  readonly expires: number;
  readonly extra: ExtraValue | undefined;
}

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
  readonly #tags: TagRows;

  constructor(settings: CacheSettings, place: Place, commandTimeout: number) {
    this.#settings = settings;
    this.#limit = new TimeLimit(commandTimeout);
    this.#place = place;
    this.#session = place.session;
    this.#tags = new TagRows(place.rows, settings.keyPrefix);
  }

  get flights(): Flights {
    return this.#session.flights;
  }

  async read(at: Address): Promise<unknown> {
    const found = await this.#limit.run(() => this.#live(at));
    return found === undefined ? undefined : this.#values.fromStore(found.stored);
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
    const found = await this.#foundIn(rows);
    return found.map((one) => {
      if (one === undefined || one.expires <= now) return undefined;
      const value = this.#values.fromStore(one.stored);
      if (value === undefined) return undefined;
      return { value, ttl: one.expires - now, ...(one.extra && { tags: one.extra.tags }) };
    });
  }

  async recall(at: Address): Promise<Recalled | undefined> {
    const found = await this.#limit.run(() => this.#there(at));
    const value = found && this.#values.fromStore(found.stored);
    if (found === undefined || value === undefined) return undefined;
    const { loadTime = 0, tags = [] } = found.extra ?? {};
    return { value, left: found.expires - Date.now(), loadTime, tags };
  }

  renew(at: Address, ttl: number, staleFor: number): Promise<boolean> {
    return this.#change([at], async () => {
      const found = await this.#there(at);
      if (found === undefined) return false;
      const { loadTime = 0, tags = [], versions = [] } = found.extra ?? {};
      const extras = { staleFor, loadTime, tags };
      await this.#put(at, this.#stored(found.stored, Date.now() + ttl, extras, versions));
      return true;
    });
  }

  removeTags(tags: readonly string[]): Promise<void> {
    return this.#limit.run(() => this.#tags.deleteAll(tags));
  }

  async contains(at: Address): Promise<boolean> {
    return (await this.#limit.run(() => this.#live(at))) !== undefined;
  }

  write(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    return this.#withVersions(extras, (versions) =>
      this.#change([at], () => this.#put(at, this.#rowOf(sealed, ttl, extras, versions))),
    );
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    await this.storeLoaded(at, sealed, ttl, extras);
  }

  async storeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    if (this.#session.users === 0) return false;
    await this.write(at, sealed, ttl, extras);
    return true;
  }

  writeNew(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    return this.#withVersions(extras, (versions) =>
      this.#change([at], async () => {
        if ((await this.#find(at)) !== undefined) return false;
        await this.#put(at, this.#rowOf(sealed, ttl, extras, versions));
        return true;
      }),
    );
  }

  writeMany(entries: readonly NewEntry[], ttl: number, extras?: EntryExtras): Promise<Address[]> {
    const ats = entries.map(({ at }) => at);
    return this.#withVersions(extras, (versions) =>
      this.#change(ats, async () => {
        if (ttl <= 0) {
          await this.#place.rows.deleteMany(ats.map(({ name }) => name));
          return [];
        }
        const rows = entries.map(({ at, sealed }) => ({
          name: at.name,
          ...this.#rowOf(sealed, ttl, extras, versions),
        }));
        const refused = await this.#place.rows.setMany(rows);
        return ats.filter(({ name }) => refused.has(name));
      }),
    );
  }

  /** Before the entry has its turn: a tag that is deleted in between makes it dead, as if it were deleted after. */
  #withVersions<T>(extras: EntryExtras | undefined, change: (versions: readonly string[]) => Promise<T>): Promise<T> {
    const tags = extras?.tags ?? [];
    return tags.length === 0 ? change([]) : this.#limit.run(() => this.#tags.obtain(tags)).then(change);
  }

  remove(at: Address): Promise<boolean> {
    return this.#change([at], async () => {
      const wasThere = (await this.#find(at)) !== undefined;
      if (wasThere || (await this.#place.rows.get(at.name)) !== undefined) await this.#place.rows.delete(at.name);
      return wasThere;
    });
  }

  removeMany(ats: readonly Address[]): Promise<number> {
    return this.#change(ats, async () => {
      const names = ats.map(({ name }) => name);
      const rows = await this.#place.rows.getMany(names);
      const there = names.filter((_, i) => rows[i] !== undefined);
      const found = await this.#foundIn(rows);
      if (there.length > 0) await this.#place.rows.deleteMany(there);
      const now = Date.now();
      return found.filter((one) => one !== undefined && one.expires > now).length;
    });
  }

  prolong(at: Address, ttl: number): Promise<boolean> {
    return this.#change([at], async () => {
      const found = await this.#find(at);
      if (found === undefined) return false;
      await this.#put(at, this.#again(found, found.stored, Date.now() + ttl));
      return true;
    });
  }

  increase(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#change([at], async () => {
      const found = await this.#find(at);
      if (found === undefined) return undefined;
      const value = this.#values.fromStore(found.stored);
      if (typeof value !== 'number') return value === undefined ? undefined : new NotNumber(value);
      const sum = value + delta;
      await this.#put(at, this.#again(found, this.#values.toStore(this.#values.seal(sum)), found.expires));
      return sum;
    });
  }

  move(from: Address, to: Address): Promise<boolean> {
    return this.#change([from, to], async () => {
      const found = await this.#find(from);
      if (found === undefined) return false;
      if (from.name === to.name) return true;
      // There before it is gone here: who dies in between loses nothing.
      await this.#put(to, this.#again(found, found.stored, found.expires));
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

  /** The entry, if it lives. */
  async #find(at: Address): Promise<Found | undefined> {
    const found = await this.#there(at);
    return found !== undefined && found.expires > Date.now() ? found : undefined;
  }

  /** The entry, also where it is stale. */
  async #there(at: Address): Promise<Found | undefined> {
    const [found] = await this.#foundIn([await this.#place.rows.get(at.name)]);
    return found;
  }

  /** The same as `#find` for a reader, who removes what has expired. */
  async #live(at: Address): Promise<Found | undefined> {
    const row = await this.#place.rows.get(at.name);
    if (!isExpired(row, Date.now())) {
      const [found] = await this.#foundIn([row]);
      return found !== undefined && found.expires > Date.now() ? found : undefined;
    }
    await this.#removeExpired([at.name]);
    return undefined;
  }

  /** What is in the rows, live or stale, where no tag was deleted: at the cost of one more question where there are tags. */
  async #foundIn(rows: readonly (Row | undefined)[]): Promise<(Found | undefined)[]> {
    const now = Date.now();
    const extras = rows.map((row) => readExtraText(row?.value));
    const versions = await this.#tags.read([...new Set(extras.flatMap((extra) => extra?.tags ?? []))]);
    return rows.map((row, i) => {
      if (row === undefined || isExpired(row, now)) return undefined;
      const extra = extras[i];
      if (extra === undefined) return { stored: row.value, expires: endOf(row), extra };
      if (extra.tags.some((tag, nth) => versions.get(tag) !== extra.versions[nth])) return undefined;
      return { stored: extra.value, expires: extra.expires ?? Number.POSITIVE_INFINITY, extra };
    });
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

  async #put(at: Address, { value, expires }: Content): Promise<void> {
    const { rows } = this.#place;
    if (expires > Date.now()) await rows.set({ name: at.name, value, expires });
    else await rows.delete(at.name);
  }

  #rowOf(sealed: unknown, ttl: number, extras: EntryExtras | undefined, versions: readonly string[]): Content {
    const expires = Date.now() + ttl;
    return this.#stored(this.#values.toStore(sealed), ttl > 0 ? expires : 0, extras, versions);
  }

  /** What was found, with another value or end. */
  #again({ extra }: Found, stored: unknown, expires: number): Content {
    return this.#stored(stored, expires, extra, extra?.versions ?? []);
  }

  /** @param expires when the entry does; what is over by then is not kept as stale. */
  #stored(stored: unknown, expires: number, extras: EntryExtras | undefined, versions: readonly string[]): Content {
    if (extras === undefined || expires <= Date.now()) return { value: stored, expires };
    const { staleFor, loadTime, tags } = extras;
    if (staleFor === 0 && loadTime === 0 && tags.length === 0) return { value: stored, expires };
    const value = extraText({ expires, staleFor, loadTime, tags, versions, value: stored });
    return { value, expires: expires + storedStaleFor(staleFor) };
  }
}

/** What is to stand in a row. */
interface Content {
  readonly value: unknown;
  readonly expires: number;
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

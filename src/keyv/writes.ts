import type { Address, NewEntry } from '../core/engine.js';
import type { EntryExtras } from '../core/entry-extras.js';
import type { Entries } from './entries.js';
import { type Content, contentOf } from './entry-rows.js';
import type { Rows } from './rows.js';
import type { StoredValues } from './stored-value.js';
import type { TagRows } from './tag-rows.js';
import type { TimeLimit } from './time-limit.js';
import type { Turns } from './turns.js';

/** New entries, with the versions of their tags as they are. */
export class Writes {
  readonly #rows: Rows;
  readonly #entries: Entries;
  readonly #tags: TagRows;
  readonly #values: StoredValues;
  readonly #limit: TimeLimit;
  readonly #turns: Turns;

  constructor(rows: Rows, entries: Entries, tags: TagRows, values: StoredValues, limit: TimeLimit, turns: Turns) {
    this.#rows = rows;
    this.#entries = entries;
    this.#tags = tags;
    this.#values = values;
    this.#limit = limit;
    this.#turns = turns;
  }

  write(at: Address, sealed: unknown, ttl: number, extras: EntryExtras | undefined): Promise<void> {
    return this.#withVersions(extras, (versions) =>
      this.#turns.run([at], () => this.#entries.put(at, this.#content(sealed, ttl, extras, versions))),
    );
  }

  /** Whether the name was free. */
  writeNew(at: Address, sealed: unknown, ttl: number, extras: EntryExtras | undefined): Promise<boolean> {
    return this.#withVersions(extras, (versions) =>
      this.#turns.run([at], async () => {
        if ((await this.#entries.find(at)) !== undefined) return false;
        await this.#entries.put(at, this.#content(sealed, ttl, extras, versions));
        return true;
      }),
    );
  }

  /** Those that the store refused. */
  writeMany(entries: readonly NewEntry[], ttl: number, extras: EntryExtras | undefined): Promise<Address[]> {
    const ats = entries.map(({ at }) => at);
    return this.#withVersions(extras, (versions) =>
      this.#turns.run(ats, async () => {
        if (ttl <= 0) {
          await this.#rows.deleteMany(ats.map(({ name }) => name));
          return [];
        }
        const rows = entries.map(({ at, sealed }) => ({
          name: at.name,
          ...this.#content(sealed, ttl, extras, versions),
        }));
        const refused = await this.#rows.setMany(rows);
        return ats.filter(({ name }) => refused.has(name));
      }),
    );
  }

  /** Before the entry has its turn: a tag that is deleted in between makes it dead, as if it were deleted after. */
  #withVersions<T>(extras: EntryExtras | undefined, change: (versions: readonly string[]) => Promise<T>): Promise<T> {
    const tags = extras?.tags ?? [];
    return tags.length === 0 ? change([]) : this.#limit.run(() => this.#tags.obtain(tags)).then(change);
  }

  #content(sealed: unknown, ttl: number, extras: EntryExtras | undefined, versions: readonly string[]): Content {
    const expires = Date.now() + ttl;
    return contentOf(this.#values.toStore(sealed), ttl > 0 ? expires : 0, extras, versions);
  }
}

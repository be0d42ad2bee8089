import type { Address } from '../core/engine.js';
import { type Content, type Found, foundIn, isExpired } from './entry-rows.js';
import { readExtraText } from './extra-value.js';
import type { Row } from './keyv-instance.js';
import type { Rows } from './rows.js';
import type { TagRows } from './tag-rows.js';

/** What stands at the entries' names: for who has his turn, and time. */
export class Entries {
  readonly #rows: Rows;
  readonly #tags: TagRows;

  constructor(rows: Rows, tags: TagRows) {
    this.#rows = rows;
    this.#tags = tags;
  }

  /** The entry, if it lives. */
  async find(at: Address): Promise<Found | undefined> {
    return ifLive(await this.recall(at));
  }

  /** The entry, also where it is stale. */
  async recall({ name }: Address): Promise<Found | undefined> {
    const [found] = await this.foundIn([await this.#rows.get(name)]);
    return found;
  }

  /** What is in the rows, live or stale, where no tag was deleted: at the cost of one more question where there are tags. */
  async foundIn(rows: readonly (Row | undefined)[]): Promise<(Found | undefined)[]> {
    const now = Date.now();
    const extras = rows.map((row) => readExtraText(row?.value));
    const versions = await this.#tags.read([...new Set(extras.flatMap((extra) => extra?.tags ?? []))]);
    return rows.map((row, i) => {
      if (row === undefined || isExpired(row, now)) return undefined;
      const extra = extras[i];
      if (extra?.tags.some((tag, nth) => versions.get(tag) !== extra.versions[nth])) return undefined;
      return foundIn(row, extra);
    });
  }

  async put({ name }: Address, { value, expires }: Content): Promise<void> {
    if (expires > Date.now()) await this.#rows.set({ name, value, expires });
    else await this.#rows.delete(name);
  }
}

export function ifLive(found: Found | undefined): Found | undefined {
  return found !== undefined && found.expires > Date.now() ? found : undefined;
}

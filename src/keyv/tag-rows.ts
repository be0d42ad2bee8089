import { randomUUID } from 'node:crypto';
import type { Rows } from './rows.js';

/**
 * The versions of tags: a row for each, under the cache's prefix, whose value is random. Such a row is never written
 * twice, only deleted, so that no version that is over comes back; it has no ttl for the same reason.
 */
export class TagRows {
  readonly #rows: Rows;
  readonly #keyPrefix: string;
  /** Those that are being made: all entries of this process that are stored meanwhile have one version. */
  readonly #making = new Map<string, Promise<string>>();

  constructor(rows: Rows, keyPrefix: string) {
    this.#rows = rows;
    this.#keyPrefix = keyPrefix;
  }

  /** Made where there is none. */
  obtain(tags: readonly string[]): Promise<string[]> {
    return Promise.all(
      tags.map((tag) => {
        const making = this.#making.get(tag) ?? this.#obtain(tag).finally(() => this.#making.delete(tag));
        this.#making.set(tag, making);
        return making;
      }),
    );
  }

  async #obtain(tag: string): Promise<string> {
    const row = await this.#rows.get(this.#nameOf(tag));
    if (typeof row?.value === 'string') return row.value;
    const version = randomUUID();
    await this.#rows.set({ name: this.#nameOf(tag), value: version, expires: Number.POSITIVE_INFINITY });
    return version;
  }

  /** The versions that there are. */
  async read(tags: readonly string[]): Promise<Map<string, unknown>> {
    if (tags.length === 0) return new Map();
    const rows = await this.#rows.getMany(tags.map((tag) => this.#nameOf(tag)));
    return new Map(tags.map((tag, i) => [tag, rows[i]?.value]));
  }

  async deleteAll(tags: readonly string[]): Promise<void> {
    // Whoever is making one may be behind: what is stored with it then is newer than this.
    for (const tag of tags) this.#making.delete(tag);
    await this.#rows.deleteMany(tags.map((tag) => this.#nameOf(tag)));
  }

  #nameOf(tag: string): string {
    return `${this.#keyPrefix}:tag:${tag}`;
  }
}

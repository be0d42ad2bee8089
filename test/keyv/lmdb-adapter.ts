import { createHash } from 'node:crypto';
import type { Database } from 'lmdb';

type Pair = [key: string, data: string];

/** A storage adapter over a real database, with what Keyv demands of one and an iterator, and no more. */
export class LmdbAdapter {
  namespace: string | undefined;
  /** Keyv looks here whether it knows how to iterate. */
  readonly opts = { url: 'lmdb:' };
  readonly #database: Database<Pair, string>;

  constructor(database: Database<Pair, string>) {
    this.#database = database;
  }

  async get(key: string): Promise<string | undefined> {
    return this.#database.get(placeOf(key))?.[1];
  }

  set(key: string, data: string): Promise<boolean> {
    return this.#database.put(placeOf(key), [key, data]);
  }

  async delete(key: string): Promise<boolean> {
    const isThere = this.#database.doesExist(placeOf(key));
    await this.#database.remove(placeOf(key));
    return isThere;
  }

  async clear(): Promise<void> {
    const head = this.namespace === undefined ? '' : `${this.namespace}:`;
    for await (const [key] of this.iterator()) if (key.startsWith(head)) await this.delete(key);
  }

  async *iterator(): AsyncGenerator<Pair, void> {
    for (const { value } of [...this.#database.getRange()]) yield value;
  }
}

/** LMDB's own keys are short. */
function placeOf(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}

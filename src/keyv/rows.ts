import { CacheUnavailableError } from '../core/errors.js';
import type { Adapter, KeyvInstance, Row } from './keyv-instance.js';

/** The last moment that a `Date` knows, far beyond what any server can count to from now. */
const END_OF_TIME = 8.64e15;

/** What is to be stored. It lives until `expires`, or for ever. */
export interface NewRow {
  readonly name: string;
  readonly value: unknown;
  readonly expires: number;
}

/**
 * The rows of a Keyv: in its storage adapter, under its namespace, by its serializer and compression. The adapter is
 * asked directly, since the Keyv's own calls pass over failures, take a name that begins with the namespace for one that
 * has it already, and delete what is stored anew while they find that the old row has expired.
 *
 * @throws CacheUnavailableError, from each, where the adapter fails.
 */
export class Rows {
  readonly #keyv: KeyvInstance;
  #watched: Adapter | undefined;
  /** Errors that the adapter has emitted: some do so instead of failing. */
  #emitted = 0;
  #lastEmitted: unknown;

  constructor(keyv: KeyvInstance) {
    this.#keyv = keyv;
  }

  /** The row, expired ones too; `undefined` if there is none, or what stands there is not a row. */
  async get(name: string): Promise<Row | undefined> {
    return this.#read(await this.#ask('get', (adapter) => adapter.get(this.#keyOf(name))));
  }

  async getMany(names: readonly string[]): Promise<(Row | undefined)[]> {
    const keys = names.map((name) => this.#keyOf(name));
    const found = await this.#ask('getMany', (adapter) =>
      adapter.getMany === undefined ? Promise.all(keys.map((key) => adapter.get(key))) : adapter.getMany(keys),
    );
    const data = Array.isArray(found) ? found : [];
    return Promise.all(keys.map((_, i) => this.#read(data[i])));
  }

  async set({ name, value, expires }: NewRow): Promise<void> {
    const data = await this.#serialize(value, expires);
    const done = await this.#ask('set', (adapter) => adapter.set(this.#keyOf(name), data, remaining(expires)));
    if (done === false) throw this.#failed('set');
  }

  /** The names of those that the adapter refused. */
  async setMany(rows: readonly NewRow[]): Promise<Set<string>> {
    const entries = await Promise.all(
      rows.map(async ({ name, value, expires }) => ({
        key: this.#keyOf(name),
        value: await this.#serialize(value, expires),
        ttl: remaining(expires),
      })),
    );
    const done = await this.#ask('setMany', (adapter) =>
      adapter.setMany === undefined
        ? Promise.all(entries.map(({ key, value, ttl }) => adapter.set(key, value, ttl)))
        : adapter.setMany(entries),
    );
    const refused = new Set<string>();
    if (Array.isArray(done)) for (const [i, { name }] of rows.entries()) if (done[i] === false) refused.add(name);
    if (done === false || refused.size === rows.length) throw this.#failed('setMany');
    return refused;
  }

  async delete(name: string): Promise<void> {
    await this.#ask('delete', (adapter) => adapter.delete(this.#keyOf(name)));
  }

  async deleteMany(names: readonly string[]): Promise<void> {
    const keys = names.map((name) => this.#keyOf(name));
    await this.#ask('deleteMany', (adapter) =>
      adapter.deleteMany === undefined ? Promise.all(keys.map((key) => adapter.delete(key))) : adapter.deleteMany(keys),
    );
  }

  /** Empties the Keyv's namespace, as far as its adapter knows namespaces. */
  async clear(): Promise<void> {
    await this.#ask('clear', (adapter) => adapter.clear());
  }

  /** Whether all names can be listed. */
  get canList(): boolean {
    const adapter = this.#adapter;
    return adapter instanceof Map || typeof adapter.iterator === 'function';
  }

  /** The names of all rows in the Keyv's namespace. */
  async *list(): AsyncGenerator<string, void> {
    const head = this.#keyOf('');
    const adapter = this.#adapter;
    const rows = adapter instanceof Map ? adapter : adapter.iterator!(this.#keyv.namespace);
    try {
      for await (const [key] of rows as AsyncIterable<readonly [string, unknown]>) {
        if (key.startsWith(head)) yield key.slice(head.length);
      }
    } catch (cause) {
      throw this.#failed('iterator', cause);
    }
  }

  /** The key under which the Keyv itself stores a name. */
  #keyOf(name: string): string {
    const { namespace, useKeyPrefix } = this.#keyv;
    return useKeyPrefix && namespace ? `${namespace}:${name}` : name;
  }

  async #serialize(value: unknown, expires: number): Promise<unknown> {
    return this.#keyv.serializeData(expires > END_OF_TIME ? { value } : { value, expires });
  }

  async #read(data: unknown): Promise<Row | undefined> {
    if (data === undefined || data === null) return undefined;
    const isSerialized = typeof data === 'string' || this.#keyv.compression !== undefined;
    try {
      const row = isSerialized ? await this.#keyv.deserializeData(data as string) : (data as Row);
      return row?.value === undefined ? undefined : row;
    } catch {
      // Somebody else's, or damaged.
      return undefined;
    }
  }

  get #adapter(): Adapter {
    const adapter = this.#keyv.store as Adapter;
    if (adapter !== this.#watched) {
      this.#watched = adapter;
      adapter.on?.('error', (error) => {
        this.#emitted++;
        this.#lastEmitted = error;
      });
    }
    return adapter;
  }

  async #ask(call: string, ask: (adapter: Adapter) => unknown): Promise<unknown> {
    const adapter = this.#adapter;
    const emitted = this.#emitted;
    let answer: unknown;
    try {
      answer = await ask(adapter);
    } catch (cause) {
      throw this.#failed(call, cause);
    }
    if (this.#emitted !== emitted && isLacking(answer)) throw this.#failed(call, this.#lastEmitted);
    return answer;
  }

  #failed(call: string, cause?: unknown): CacheUnavailableError {
    const reason = cause === undefined ? 'it refused' : cause instanceof Error ? cause.message : String(cause);
    return new CacheUnavailableError(
      `The Keyv's store failed in ${call}(): ${reason}. Look to it, or set failOpen to go on without a cache.`,
      { cause },
    );
  }
}

/** Milliseconds from now, as adapters take them: whole ones. `undefined` is for ever. */
function remaining(expires: number): number | undefined {
  return expires > END_OF_TIME ? undefined : Math.max(1, Math.ceil(expires - Date.now()));
}

/** Whether an answer says "nothing", in whole or in part: what an adapter that passes over its failures would say. */
function isLacking(answer: unknown): boolean {
  return Array.isArray(answer) ? answer.some(isLacking) : answer === undefined || answer === null || answer === false;
}

import { EventEmitter } from 'node:events';
import type { Cache } from '../core/cache.js';
import { type ClearsUnder, clearUnder } from '../core/clear-under.js';
import { InvalidConfigError, invalidArgument, show } from '../core/errors.js';

type Rows<Value> = AsyncGenerator<[string, Awaited<Value>], void>;

/**
 * A storage adapter for Keyv over any cache: with it, keyv, and what takes a Keyv (cache-manager, cacheable, got), runs
 * on this package's caches.
 *
 * What has no ttl is stored for ever, whatever the cache's own ttl: Keyv says how long its values live. Each Keyv needs a
 * store of its own, since it writes its namespace into it; they may be over one cache.
 *
 * @throws InvalidConfigError if it is not a cache of this package.
 */
export class KeyvStore extends EventEmitter {
  /** Keyv's, and Keyv sets it: `clear()` and `iterator()` are of the keys that begin with it and a colon. */
  namespace: string | undefined;
  /** What Keyv and its suite look into. Nothing here reads it. */
  // biome-ignore lint/suspicious/noExplicitAny: as Keyv declares it.
  readonly opts: any = {};
  /**
   * The keys in the namespace with what is stored there. Only where the cache can list its keys, which is `LocMemCache`:
   * elsewhere there is not even a property, which Keyv would take for an iterator.
   */
  declare readonly iterator?: <Value>(namespace?: string) => Rows<Value>;
  readonly #cache: Cache & ClearsUnder;

  constructor(cache: Cache) {
    super();
    if (typeof (cache as Partial<ClearsUnder> | undefined)?.[clearUnder] !== 'function') {
      throw new InvalidConfigError(`KeyvStore takes a cache, such as new LocMemCache(); got ${show(cache)}.`);
    }
    this.#cache = cache as Cache & ClearsUnder;
    const { keys } = cache as { keys?: () => Iterable<string> };
    if (keys === undefined) return;
    // Keyv iterates no store but those of the databases that it knows by name.
    this.opts.dialect = 'redis';
    this.iterator = (namespace) => this.#rows(keys.call(cache), headOf(namespace));
  }

  async get<Value>(key: string): Promise<Value | undefined> {
    try {
      return await this.#cache.get<Value>(key);
    } catch (error) {
      // Keyv passes over it in silence, where it emits the errors of all other calls itself.
      if (this.listenerCount('error') > 0) this.emit('error', error);
      throw error;
    }
  }

  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    const found = await this.#cache.getMany<Value>(keys);
    return keys.map((key) => found.get(key));
  }

  /** `ttl`: milliseconds; where it is left out, or 0, the value is stored for ever. */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    await this.#cache.set(key, value, ttlOf(ttl));
    return true;
  }

  /** Whether each was stored. */
  // biome-ignore lint/suspicious/noExplicitAny: Keyv hands the booleans on, and declares that there are none.
  async setMany(entries: { key: string; value: unknown; ttl?: number | undefined }[]): Promise<any> {
    const byTtl = new Map<number | null, [string, unknown][]>();
    for (const { key, value, ttl } of entries) {
      const life = ttlOf(ttl);
      const alike = byTtl.get(life) ?? [];
      alike.push([key, value]);
      byTtl.set(life, alike);
    }
    const failed = new Set<string>();
    for (const [ttl, alike] of byTtl) for (const key of await this.#cache.setMany(alike, ttl)) failed.add(key);
    return entries.map(({ key }) => !failed.has(key));
  }

  async delete(key: string): Promise<boolean> {
    return this.#cache.delete(key);
  }

  /** Whether any of them was there. */
  async deleteMany(keys: string[]): Promise<boolean> {
    return (await this.#cache.deleteMany(keys)) > 0;
  }

  async has(key: string): Promise<boolean> {
    return this.#cache.has(key);
  }

  async hasMany(keys: string[]): Promise<boolean[]> {
    return Promise.all(keys.map((key) => this.#cache.has(key)));
  }

  /**
   * Empties the namespace, and the cache where there is none.
   *
   * @throws InvalidConfigError where there is a namespace and the cache cannot list its keys, as with memcached.
   */
  async clear(): Promise<void> {
    if (this.namespace) await this.#cache[clearUnder](headOf(this.namespace));
    else await this.#cache.clear();
  }

  /** Closes the cache. */
  async disconnect(): Promise<void> {
    await this.#cache.close();
  }

  async *#rows<Value>(keys: Iterable<string>, head: string): Rows<Value> {
    for (const key of keys) {
      if (!key.startsWith(head)) continue;
      const value = await this.#cache.get<Awaited<Value>>(key);
      if (value !== undefined) yield [key, value];
    }
  }
}

function headOf(namespace: string | undefined): string {
  return namespace ? `${namespace}:` : '';
}

/** To Keyv, 0 is no ttl. @throws TypeError if it is not a number. */
function ttlOf(ttl: unknown): number | null {
  if (ttl === undefined || ttl === null || ttl === 0) return null;
  if (typeof ttl === 'number') return ttl;
  throw invalidArgument(`Keyv's ttl is a number of milliseconds; got ${show(ttl)}.`);
}

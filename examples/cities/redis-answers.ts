import { createClient, type RedisClientType } from 'redis';

/** Key by key: of all that the server takes, the entries are the smaller part. */
const BYTES_OF_ENTRIES = `
  local bytes = 0
  for _, key in ipairs(redis.call('KEYS', '*')) do bytes = bytes + redis.call('MEMORY', 'USAGE', key) end
  return bytes`;

/** The least that makes a cache of Redis: JSON under the query's key, one connection for each worker. */
export class RedisAnswers {
  readonly #client: RedisClientType;

  private constructor(client: RedisClientType) {
    this.#client = client;
  }

  static async connect(port: number): Promise<RedisAnswers> {
    const client: RedisClientType = createClient({
      socket: { host: '127.0.0.1', port },
      // A server that is gone is an error at once, not a wait.
      disableOfflineQueue: true,
    });
    // What fails is a request, and says so itself.
    client.on('error', () => {});
    await client.connect();
    return new RedisAnswers(client);
  }

  async getOrSet<T>(key: string, factory: () => T): Promise<T> {
    const stored = await this.#client.get(key);
    if (stored !== null) return JSON.parse(stored) as T;
    const value = factory();
    await this.#client.set(key, JSON.stringify(value));
    return value;
  }

  async stats(): Promise<{ entries: number; bytes: number; evictions: number }> {
    const [entries, bytes, info] = await Promise.all([
      this.#client.dbSize(),
      this.#client.eval(BYTES_OF_ENTRIES),
      this.#client.info('stats'),
    ]);
    return { entries, bytes: Number(bytes), evictions: Number(/^evicted_keys:(\d+)/m.exec(info)?.[1]) };
  }

  async close(): Promise<void> {
    if (this.#client.isOpen) this.#client.destroy();
  }
}

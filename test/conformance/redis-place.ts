import { after } from 'node:test';
import { RedisCache, type RedisCacheOptions } from 'locmem';
import type { RedisServer } from '../servers/redis-server.js';
import type { Capabilities, Place } from './subject.js';

/** What every RedisCache promises. */
export const REDIS: Capabilities = {
  stores: true,
  readsFromOutside: true,
  values: 'copy',
  // Entries live to the millisecond; that much time may pass on the server while a specification looks at them.
  ttlGranularity: 2000,
  counts: 'cache',
  keys: 'well-formed',
  tellsOwnEntries: false,
  keepsExtras: true,
};
/** A busy machine may take longer than a program should wait: the first call loads the client, too. */
export const PATIENCE = '1m';

/** ARGV: a database, and milliseconds. Takes them from what each of its entries has left. */
const ADVANCE = `
redis.call('SELECT', ARGV[1])
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 then
    if left > tonumber(ARGV[2]) then redis.call('PEXPIRE', key, left - ARGV[2]) else redis.call('DEL', key) end
  end
end`;

/** A place that is `database` of all `servers`, whose entries are apart. */
export async function placeOn(
  servers: readonly RedisServer[],
  database: number,
  where: RedisCacheOptions,
): Promise<Place> {
  const opened: RedisCache[] = [];
  const onAll = (...words: (string | number)[]) => Promise.all(servers.map((server) => server.command(...words)));
  await onAll('EVAL', "redis.call('SELECT', ARGV[1]) redis.call('FLUSHDB')", 0, database);
  return {
    async open(options) {
      const cache = new RedisCache({ commandTimeout: PATIENCE, ...where, ...options });
      opened.push(cache);
      return cache;
    },
    async advance(milliseconds) {
      await onAll('EVAL', ADVANCE, 0, database, milliseconds);
    },
    async close() {
      for (const cache of opened) await cache.close();
    },
  };
}

/** Starts it at the first call; stops it when all tests of this file are done. */
export function once<T extends { stop(): Promise<void> }>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  after(async () => (await started)?.stop());
  return () => {
    started ??= start();
    return started;
  };
}

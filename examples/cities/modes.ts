import { type CacheStats, LocMemCache, SharedCache } from 'locmem';
import { RedisAnswers } from './redis-answers.js';

/** One of the ways to serve the same queries that are compared. */
export interface ModeName {
  /** How requests name it: `?cache=shared`. */
  readonly id: string;
  readonly label: string;
  /** Whose the cache is; `none`: there is none. */
  readonly cacheOf: 'none' | 'each worker' | 'all workers';
}

/** What the service needs of a cache. */
export interface AnswerCache {
  getOrSet<T>(key: string, factory: () => T): Promise<T>;
  stats(): Promise<Pick<CacheStats, 'entries' | 'bytes' | 'evictions'>>;
  close(): Promise<void>;
}

export interface Mode extends ModeName {
  readonly cache?: AnswerCache;
}

/** What a worker has to know to open its caches: the same for all of them. */
export interface CacheSettings {
  readonly workers: number;
  /** The file of the shared segment. */
  readonly location: string;
  /** Where Redis is on loopback, if it is. */
  readonly redisPort: number | undefined;
}

/**
 * What the caches of one worker may hold. It is room for a fraction of what is asked for, because the load lasts
 * seconds; a service that runs for days has a thousand times the room, and the keys to fill it.
 */
const BYTES_A_WORKER = 64 * 1024;

/**
 * The bound of every mode, so that they can be compared: what the workers' own caches may hold together (as `LocMemCache`
 * estimates it) is the size of the whole file of the shared segment, index and all, and what Redis may take for entries
 * beside its own needs. The difference is what the bytes hold: an answer that all workers need stands in each of their own
 * caches, and in a common one once.
 */
export function bytesOfAll(workers: number): number {
  return workers * BYTES_A_WORKER;
}

/** To compare another cache, add it here and to {@link openModes}: all else goes by this list. */
export function modeNames(hasRedis: boolean): ModeName[] {
  const names: ModeName[] = [
    { id: 'none', label: 'No cache', cacheOf: 'none' },
    { id: 'local', label: 'LocMemCache per worker', cacheOf: 'each worker' },
    { id: 'shared', label: 'SharedCache', cacheOf: 'all workers' },
  ];
  if (hasRedis) names.push({ id: 'redis', label: 'Redis on loopback', cacheOf: 'all workers' });
  return names;
}

/** Opens the caches of this worker. Places do not move: an answer is good until there is no more room for it. */
export async function openModes({ workers, location, redisPort }: CacheSettings): Promise<Mode[]> {
  const caches: Record<string, AnswerCache> = {
    // Bounded in bytes alone, and under the better of its policies: what differs is that it is not shared.
    local: new LocMemCache({ maxEntries: 100_000, maxSize: BYTES_A_WORKER, policy: 'tinylfu', ttl: null }),
    shared: new SharedCache({ location, maxBytes: bytesOfAll(workers), ttl: null }),
  };
  if (redisPort !== undefined) caches.redis = await RedisAnswers.connect(redisPort);
  return modeNames(redisPort !== undefined).map((name) => ({ ...name, cache: caches[name.id] }));
}

export async function closeModes(modes: readonly Mode[]): Promise<void> {
  await Promise.all(modes.map((mode) => mode.cache?.close()));
}

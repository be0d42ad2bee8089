import { type Cache, CacheUnavailableError, LocMemCache, RedisCache, SharedCache, TieredCache } from 'locmem';
import { type Chosen, openChosen } from './chosen-cache.js';

/** One of the ways to serve the same queries that are compared. */
export interface ModeName {
  /** How requests name it: `?cache=shared`. */
  readonly id: string;
  readonly label: string;
  /** What it is, in a few words. */
  readonly about: string;
  /** Whose the cache is, or the part of it that is counted; `none`: there is none. */
  readonly cacheOf: 'none' | 'each worker' | 'all workers';
}

/** What the service needs of a cache. */
export type AnswerCache = Pick<Cache, 'getOrSet' | 'has' | 'stats' | 'close'>;

export interface Mode extends ModeName {
  readonly cache?: AnswerCache;
  /** Of two tiers, the one whose entries are counted here. */
  readonly near?: AnswerCache;
}

/** What a worker has to know to open its caches: the same for all of them. */
export interface CacheSettings {
  readonly workers: number;
  /** The file of the shared segment. */
  readonly location: string;
  /** The URL of the Redis server on loopback that is a mode's own, for each mode that has one. */
  readonly redisUrls: Readonly<Record<string, string>>;
  /** To be compared in place of all others. */
  readonly chosen?: { readonly cache: Chosen; readonly name: ModeName } | undefined;
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

const NO_CACHE: ModeName = { id: 'none', label: 'No cache', about: 'every query runs', cacheOf: 'none' };
const LOCAL: ModeName = {
  id: 'local',
  label: 'LocMemCache per worker',
  about: 'each worker has a cache of its own, and nothing of the others',
  cacheOf: 'each worker',
};
const SHARED: ModeName = {
  id: 'shared',
  label: 'SharedCache',
  about: 'one cache in memory for all workers of the machine; no server',
  cacheOf: 'all workers',
};
const REDIS: ModeName = {
  id: 'redis',
  label: 'Redis on loopback',
  about: 'one cache on a server for all machines; each hit asks it; fails closed',
  cacheOf: 'all workers',
};
const TIERED: ModeName = {
  id: 'tiered',
  label: 'TieredCache',
  about:
    'each worker plays a machine: a LocMemCache of its own before one Redis, which tells what others change; failOpen',
  cacheOf: 'each worker',
};

/** The modes that need a Redis server, each one of its own, and the part of the bytes that the server has. */
const SHARE_OF_REDIS: Readonly<Record<string, number>> = { [REDIS.id]: 1, [TIERED.id]: 1 / 2 };
export const REDIS_MODES = Object.keys(SHARE_OF_REDIS);

/** What the server of such a mode may take for entries. */
export function bytesOfRedis(mode: string, workers: number): number {
  return bytesOfAll(workers) * SHARE_OF_REDIS[mode];
}

/** To compare another cache, add it here and to {@link openModes}: all else goes by this list. */
export function modeNames({ redisUrls, chosen }: Pick<CacheSettings, 'redisUrls' | 'chosen'>): ModeName[] {
  if (chosen !== undefined) return [NO_CACHE, chosen.name];
  return [NO_CACHE, LOCAL, SHARED, ...[REDIS, TIERED].filter(({ id }) => id in redisUrls)];
}

/** The mode of the cache that the environment names. @throws CacheError if it cannot be opened. */
export async function nameChosen(chosen: Chosen): Promise<ModeName> {
  const cache = openChosen(chosen, 1);
  await cache.close();
  return {
    id: 'chosen',
    label: cache.constructor.name,
    about: chosen.l1Url === undefined ? 'what CACHE_URL names' : 'what CACHE_L1_URL names, before what CACHE_URL names',
    cacheOf: cache instanceof LocMemCache ? 'each worker' : 'all workers',
  };
}

/**
 * Opens the caches of a worker; `worker` is its number, from 1 on. Places do not move: an answer is good until there is no
 * more room for it.
 */
export async function openModes(settings: CacheSettings, worker: number): Promise<Mode[]> {
  const { workers, location, redisUrls, chosen } = settings;
  const caches: Record<string, Omit<Mode, keyof ModeName>> = {};
  if (chosen !== undefined) {
    caches[chosen.name.id] = { cache: openChosen(chosen.cache, worker) };
  } else {
    // Bounded in bytes alone, and under the better of its policies: what differs is that it is not shared.
    const local = { maxEntries: 100_000, policy: 'tinylfu', ttl: null } as const;
    caches.local = { cache: new LocMemCache({ ...local, maxSize: BYTES_A_WORKER }) };
    caches.shared = { cache: new SharedCache({ location, maxBytes: bytesOfAll(workers), ttl: null }) };
    if ('redis' in redisUrls) caches.redis = { cache: new RedisCache({ url: redisUrls.redis, ttl: null }) };
    if ('tiered' in redisUrls) {
      // Half of the bytes here, half there.
      const near = new LocMemCache({ ...local, maxSize: BYTES_A_WORKER * (1 - SHARE_OF_REDIS.tiered) });
      const far = new RedisCache({ url: redisUrls.tiered, ttl: null });
      caches.tiered = { cache: new TieredCache({ l1: near, l2: far, failOpen: true }), near };
    }
  }
  const modes = modeNames(settings).map((name) => ({ ...name, ...caches[name.id] }));
  await Promise.all(modes.map(({ cache }) => cache && connect(cache)));
  return modes;
}

export async function closeModes(modes: readonly Mode[]): Promise<void> {
  await Promise.all(modes.map((mode) => mode.cache?.close()));
}

/** Lest the first request wait for it. A server that is away is no reason not to serve: requests will say so. */
async function connect(cache: AnswerCache): Promise<void> {
  try {
    await cache.has('ready');
  } catch (error) {
    if (!(error instanceof CacheUnavailableError)) throw error;
  }
}

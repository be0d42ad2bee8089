import { LocMemCache, type LocMemCacheOptions, RedisCache, type RedisCacheOptions, TieredCache } from 'locmem';
import { once, PATIENCE } from '../conformance/redis-place.js';
import { RedisServer } from '../servers/redis-server.js';
import { until } from '../servers/until.js';

export interface Tiers {
  readonly l1: LocMemCache;
  readonly l2: RedisCache;
  readonly cache: TieredCache;
}

export interface TiersOptions {
  readonly near?: LocMemCacheOptions;
  readonly far?: RedisCacheOptions;
  readonly tiered?: { l1Ttl?: number | string; failOpen?: boolean; ttl?: number; version?: number };
}

/** One server for all tests of a file, and tiers on it: each test has a prefix of its own. */
export function redisTiers() {
  const server = once(() => RedisServer.start());
  let prefixes = 0;
  return {
    server,
    prefix: () => `p${prefixes++}`,
    /** A fleet's machine: `far` names the prefix, which l1 has, too, unless `near` says something else. */
    async open({ near, far, tiered }: TiersOptions): Promise<Tiers> {
      const { url } = await server();
      const l1 = new LocMemCache({ ...(far?.keyPrefix !== undefined && { keyPrefix: far.keyPrefix }), ...near });
      const l2 = new RedisCache({ commandTimeout: PATIENCE, url, ...far });
      const cache = new TieredCache({ l1, l2, ...(tiered as object) });
      // What is asked before there is a connection is not kept in l1.
      await cache.has('k');
      return { l1, l2, cache };
    },
  };
}

/** Waits until l1 has no copies: what the server pushes is on its way. */
export async function dropped({ l1 }: Tiers, what: string): Promise<void> {
  await until(`${what} is told to l1`, () => l1.statsSync().entries === 0);
}

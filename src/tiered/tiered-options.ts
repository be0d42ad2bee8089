import { failsOpenOf } from '../core/engine-caller.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { InProcessCache } from '../core/in-process-cache.js';
import { checkKnownOptions } from '../core/options.js';
import { ServerCache } from '../core/server-cache.js';
import { type Ttl, ttlMilliseconds } from '../core/ttl.js';
import type { LoadingCache } from '../load/loading-cache.js';
import type { LoadingServerCache } from '../load/loading-server-cache.js';

/** What a `TieredCache` takes. Prefix, key function, default version and ttl are those of `l2`. */
export interface TieredCacheOptions {
  /** The near cache, read first: a `LocMemCache` or a `SharedCache`. */
  l1: LoadingCache;
  /** The cache of the fleet, which decides: a `RedisCache`, a `MemcachedCache` or a `KeyvCache`. */
  l2: LoadingServerCache;
  /**
   * How long `l1` may hold what it has of `l2` where the server does not tell what others change. Default: `'1s'`.
   * Where it does (Redis, but not a Cluster), entries stay as long as in `l2`, or as long as is given here.
   */
  l1Ttl?: Ttl;
  /** How long an entry lives where its call does not say. Default: that of `l2`. */
  ttl?: Ttl;
  /** The version of keys where a call does not say. Default: that of `l2`. */
  version?: number;
  /** Whether, where the server of `l2` does not answer, reads miss and writes are dropped. Default: that of `l2`. */
  failOpen?: boolean;
}

const OPTIONS = ['l1', 'l2', 'l1Ttl', 'ttl', 'version', 'failOpen'];
const L1_TTL = 1000;

/** {@link TieredCacheOptions}, checked; ttls in milliseconds. */
export interface TieredSettings {
  /** For entries of which no change will be told. */
  readonly untoldTtl: number;
  /** For the others. */
  readonly toldTtl: number;
  readonly failOpen: boolean;
}

/** @throws InvalidConfigError naming the option at fault. */
export function readTieredOptions(options: TieredCacheOptions): TieredSettings {
  checkKnownOptions('TieredCache', options, OPTIONS);
  const { l1, l2, l1Ttl } = options;
  if (!(l1 instanceof InProcessCache)) {
    throw new InvalidConfigError(`l1 is a LocMemCache or a SharedCache; got ${nameOf(l1)}.`);
  }
  if (!(l2 instanceof ServerCache)) {
    throw new InvalidConfigError(`l2 is a RedisCache, a MemcachedCache or a KeyvCache; got ${nameOf(l2)}.`);
  }
  const { failOpen = failsOpenOf(l2) } = options;
  if (typeof failOpen !== 'boolean') throw new InvalidConfigError(`failOpen is true or false; got ${show(failOpen)}.`);
  const given = l1Ttl === undefined ? undefined : readL1Ttl(l1Ttl);
  return { untoldTtl: given ?? L1_TTL, toldTtl: given ?? Number.POSITIVE_INFINITY, failOpen };
}

function readL1Ttl(l1Ttl: Ttl): number {
  try {
    const milliseconds = ttlMilliseconds(l1Ttl);
    if (milliseconds > 0) return milliseconds;
  } catch (cause) {
    throw new InvalidConfigError(`The option l1Ttl: ${(cause as Error).message}`, { cause });
  }
  throw new InvalidConfigError(`l1Ttl is more than 0; got ${show(l1Ttl)}. Without a near cache, use l2 alone.`);
}

/** A cache has much inside that helps nobody. */
function nameOf(value: unknown): string {
  return value instanceof ServerCache || value instanceof InProcessCache ? `a ${value.constructor.name}` : show(value);
}

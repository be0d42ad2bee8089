import type { Cache } from '../core/cache.js';
import { nameCache } from '../core/diagnostics.js';
import { InvalidConfigError, show } from '../core/errors.js';
import type { Labels } from './measures.js';

/** Caches by alias: what `createCaches` returns, or an object of your own, by which they are then called. */
export type NamedCaches = Readonly<Record<string, unknown>>;

export interface CacheSize {
  readonly labels: Labels;
  readonly entries: number | undefined;
  readonly bytes: number | undefined;
}

/**
 * Those that are caches. What they do is told by these aliases from now on, as their sizes are.
 *
 * @throws InvalidConfigError if there is none.
 */
export function readCaches(caches: NamedCaches): ReadonlyMap<string, Cache> {
  const named = new Map(Object.entries(Object(caches)).filter((entry): entry is [string, Cache] => isCache(entry[1])));
  if (named.size === 0) {
    throw new InvalidConfigError(
      `caches is an object of caches by alias, as createCaches() returns it; got ${show(caches)}.`,
    );
  }
  for (const [alias, cache] of named) nameCache(cache, alias);
  return named;
}

/** How large each is now. One that cannot say, because it is closed or its server is gone, is left out. */
export async function sizesOf(caches: ReadonlyMap<string, Cache>): Promise<CacheSize[]> {
  const sizes = await Promise.all(
    [...caches].map(async ([cache, one]) => {
      try {
        const { entries, bytes } = await one.stats();
        return [{ labels: { cache }, entries, bytes }];
      } catch {
        return [];
      }
    }),
  );
  return sizes.flat();
}

function isCache(value: unknown): value is Cache {
  return typeof (value as Partial<Cache> | null)?.stats === 'function';
}

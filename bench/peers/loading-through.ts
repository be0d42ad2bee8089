import type { LocMemCache, SharedCache } from 'locmem';

/** `getOrSet` of one of ours, with no options, or with those that let a stale entry be the answer. */
export function loadingThrough(
  cache: LocMemCache | SharedCache,
  load: (key: string) => Promise<unknown>,
  staleFor: number | undefined,
): (key: string) => Promise<unknown> {
  if (staleFor === undefined) return (key) => cache.getOrSet(key, () => load(key));
  const options = { staleWhileRevalidate: staleFor };
  return (key) => cache.getOrSet(key, () => load(key), options);
}

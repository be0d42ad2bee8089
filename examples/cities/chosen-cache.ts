import { type Cache, createCaches } from 'locmem';

/** The cache that the environment names: what changes when a service moves from one backend to another. */
export interface Chosen {
  /** `CACHE_URL`. */
  readonly url: string;
  /** `CACHE_L1_URL`: a cache in front of it. `{worker}` stands for the worker's number, 1 and so on. */
  readonly l1Url: string | undefined;
}

/** @throws Error with a message for the person who set them. */
export function readChosen({ CACHE_URL: url, CACHE_L1_URL: l1Url }: NodeJS.ProcessEnv): Chosen | undefined {
  if (url) return { url, l1Url: l1Url || undefined };
  if (l1Url) throw new Error('CACHE_L1_URL is a cache in front of that of CACHE_URL, which is not set');
  return undefined;
}

/**
 * The cache of one worker. All else of the example is the same for all of them.
 *
 * @throws CacheError if a URL is wrong, or what it names cannot be used.
 */
export function openChosen({ url, l1Url }: Chosen, worker: number): Cache {
  if (l1Url === undefined) return createCaches({ default: url }).default;
  const l1 = l1Url.replaceAll('{worker}', String(worker));
  return createCaches({ default: { backend: 'tiered', l1, l2: url } }).default;
}

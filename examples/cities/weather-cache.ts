import { dirname, join } from 'node:path';
import { type Cache, SharedCache } from 'locmem';
import { openChosen } from './chosen-cache.js';
import type { CacheSettings } from './modes.js';

/** The cache of the weather: the one that the environment names, else a segment of its own. That of the answers is full. */
export function openWeatherCache({ location, chosen }: CacheSettings, worker: number): Cache {
  if (chosen !== undefined) return openChosen(chosen.cache, worker);
  return new SharedCache({ location: join(dirname(location), 'weather.cache'), maxBytes: '1mb' });
}

import { fold } from './fold.js';
import type { AnswerCache } from './modes.js';
import { nearest } from './nearest.js';
import type { Place } from './places.js';
import { search } from './search.js';

const RESULTS = 8;
const LONGEST_TEXT = 60;

/** What was wrong with a request, in words for who sent it. */
export class BadRequest extends Error {}

/** A query that was understood: what it is called in a cache, and how it is answered. */
export interface Query {
  readonly key: string;
  readonly run: () => unknown;
}

/** `?q=` is what to search for. */
export function searchQuery(places: readonly Place[], parameters: URLSearchParams): Query {
  const text = parameters.get('q') ?? '';
  if (text.length > LONGEST_TEXT) throw new BadRequest(`q has ${text.length} letters; ${LONGEST_TEXT} is the most`);
  const folded = fold(text);
  if (folded === '') throw new BadRequest('q is the start of a name to search for; it has no letter or digit in it');
  // By its folded text: "Sao Paulo" and "são paulo" are one entry. Keys have no spaces, so that any backend takes them.
  return { key: `search:${folded.replaceAll(' ', '_')}`, run: () => search(places, folded, RESULTS) };
}

/** `?lat=` and `?lon=` are a point in degrees. */
export function nearestQuery(places: readonly Place[], parameters: URLSearchParams): Query {
  const lat = degrees(parameters, 'lat', 90);
  const lon = degrees(parameters, 'lon', 180);
  // To a tenth of a degree, some 10 km: neighbours share an answer, and so an entry.
  return { key: `nearest:${lat},${lon}`, run: () => nearest(places, lat, lon, RESULTS) };
}

function degrees(parameters: URLSearchParams, name: string, limit: number): number {
  const text = parameters.get(name)?.trim() ?? '';
  const value = Number(text);
  if (text === '' || !(Math.abs(value) <= limit)) {
    throw new BadRequest(`${name} is a number of degrees from -${limit} to ${limit}, not '${text}'`);
  }
  // Adding 0 makes -0 a 0: they would be two keys for one place.
  return Math.round(value * 10) / 10 + 0;
}

export interface Answer {
  readonly results: unknown;
  /** Where the results come from. */
  readonly cache: 'hit' | 'miss' | 'none';
  /** How long it took to have them, in milliseconds. */
  readonly ms: number;
  /** The id of the process that answered. */
  readonly worker: number;
}

/** Answers from the cache, and fills it; this function is all the caching that the example does. */
export async function answer(query: Query, cache: AnswerCache | undefined): Promise<Answer> {
  const start = performance.now();
  let ran = false;
  const run = () => {
    ran = true;
    return query.run();
  };
  const results = cache === undefined ? run() : await cache.getOrSet(query.key, run);
  return {
    results,
    cache: cache === undefined ? 'none' : ran ? 'miss' : 'hit',
    ms: performance.now() - start,
    worker: process.pid,
  };
}

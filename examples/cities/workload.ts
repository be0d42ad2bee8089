import { largest, type Place } from './places.js';
import { type Random, seeded, zipf } from './random.js';

/** How many places people ask for at all; the crawler asks for every one. */
const KNOWN_PLACES = 10_000;
const ZIPF_EXPONENT = 1.4;
const CRAWLER_SHARE = 0.15;
const TYPO_SHARE = 0.1;

/**
 * What visitors of such a service send, without end: the paths of requests, the same for the same seed.
 *
 * People look for large places far more often than for small ones. They type a name, and the search box asks after some
 * of the letters; now and then a finger slips; half of them then want to know what is near. In between, a crawler works
 * through all the places, each once: requests that never come back and that a good cache should not make room for.
 */
export function prepareWorkload(places: readonly Place[]): (seed: number) => Iterator<string, never> {
  // Once for all seeds, and before the first request: it takes a while, which no request should have to wait for.
  const known = largest(places, KNOWN_PLACES);
  return (seed) => {
    const random = seeded(seed);
    const popular = zipf(known.length, ZIPF_EXPONENT, random);
    return requests(places, () => known[popular()], random);
  };
}

function* requests(places: readonly Place[], popular: () => Place, random: Random): Generator<string, never> {
  let crawled = 0;
  while (true) {
    for (const path of visit(popular(), random)) {
      while (random() < CRAWLER_SHARE) yield nearestPath(places[crawled++ % places.length]);
      yield path;
    }
  }
}

/** One person looking for one place. */
function* visit(place: Place, random: Random): Generator<string> {
  const name = place.folded;
  // The box asks after three letters, after five, and at the end; most people see what they want before that.
  yield searchPath(name.slice(0, 3));
  for (const more of [name.slice(0, 5), name]) {
    if (random() < 0.6) break;
    if (random() < TYPO_SHARE) yield searchPath(slip(more, random));
    yield searchPath(more);
  }
  if (random() < 0.5) yield nearestPath(place);
}

/** Two neighbouring letters swapped, or one left out. */
function slip(text: string, random: Random): string {
  const at = Math.floor(random() * (text.length - 1));
  const swapped = random() < 0.5 ? text.charAt(at + 1) + text.charAt(at) : text.charAt(at);
  return text.slice(0, at) + swapped + text.slice(at + 2);
}

function searchPath(text: string): string {
  return `/api/search?${new URLSearchParams({ q: text })}`;
}

function nearestPath({ lat, lon }: Place): string {
  return `/api/nearest?${new URLSearchParams({ lat: lat.toFixed(1), lon: lon.toFixed(1) })}`;
}

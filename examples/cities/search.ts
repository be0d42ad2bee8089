import { Best } from './best.js';
import { prefixMatcher, tolerance } from './distance.js';
import { fold } from './fold.js';
import type { Place } from './places.js';

/** A place that was found by its name. */
export interface Found {
  readonly id: number;
  readonly name: string;
  readonly country: string;
  readonly population: number;
  readonly lat: number;
  readonly lon: number;
  /** How many typing mistakes were forgiven. */
  readonly mistakes: number;
}

// The score is in powers of ten of population: a mistake makes up for a town 150 times as large, and so on.
const MISTAKE = -2.2;
const WHOLE_NAME = 1.2;
const NOT_THE_FIRST_WORD = -1;

/**
 * Finds places by the start of their name, or of a word in it, forgiving accents and typing mistakes; large places
 * come first among names that fit equally well.
 *
 * It compares the text with the names of all places: tens of milliseconds of honest work, which is what makes it
 * worth a cache.
 */
export function search(places: readonly Place[], text: string, count: number): Found[] {
  const query = fold(text);
  const match = prefixMatcher(query, tolerance(query.length));
  const best = new Best<{ place: Place; mistakes: number }>(count);

  for (const place of places) {
    const name = place.folded;
    let score = -Infinity;
    let mistakes = 0;
    for (let word = 0; word !== -1; word = nextWord(name, word)) {
      const found = match(name, word);
      if (found === undefined) continue;
      const fit = found.mistakes * MISTAKE + (word > 0 ? NOT_THE_FIRST_WORD : found.complete ? WHOLE_NAME : 0);
      if (fit <= score) continue;
      score = fit;
      mistakes = found.mistakes;
    }
    if (score > -Infinity) best.offer({ place, mistakes }, score + Math.log10(place.population + 10));
  }

  return best.items().map(({ item: { place, mistakes } }) => ({
    id: place.id,
    name: place.name,
    country: place.country,
    population: place.population,
    lat: place.lat,
    lon: place.lon,
    mistakes,
  }));
}

function nextWord(name: string, from: number): number {
  const space = name.indexOf(' ', from);
  return space === -1 ? -1 : space + 1;
}

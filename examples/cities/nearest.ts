import { Best } from './best.js';
import type { Place } from './places.js';

/** A place near a point. */
export interface Near {
  readonly id: number;
  readonly name: string;
  readonly country: string;
  readonly population: number;
  readonly lat: number;
  readonly lon: number;
  readonly km: number;
}

const EARTH_RADIUS_KM = 6371.0088;

/** The great-circle distance of two points in degrees (haversine: exact enough even for neighbours). */
export function kilometres(lat1: number, lon1: number, lat2: number, lon2: number): number {
  const toRadians = Math.PI / 180;
  const dLat = Math.sin(((lat2 - lat1) * toRadians) / 2);
  const dLon = Math.sin(((lon2 - lon1) * toRadians) / 2);
  const a = dLat * dLat + Math.cos(lat1 * toRadians) * Math.cos(lat2 * toRadians) * dLon * dLon;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(a)));
}

/** What a place draws people for, beyond its inhabitants. */
function importance(feature: string): number {
  if (feature === 'PPLC') return 3;
  if (feature === 'PPLA') return 2;
  // A part of a town, or one that was given up.
  if (feature === 'PPLX' || feature === 'PPLH' || feature === 'PPLQ') return 0.3;
  return 1;
}

/**
 * The places near a point that matter there, by Reilly's law of retail gravitation: a place draws people by its size,
 * divided by the square of the distance. So a village at the door comes before a city an hour away, but not before one
 * in ten minutes.
 *
 * It looks at every place on earth, as any ranking must that a large, far place may win.
 */
export function nearest(places: readonly Place[], lat: number, lon: number, count: number): Near[] {
  const best = new Best<{ place: Place; km: number }>(count);
  for (const place of places) {
    const km = kilometres(lat, lon, place.lat, place.lon);
    // Within some kilometres all places are "here"; GeoNames has 0 inhabitants for "not known".
    const attraction = (Math.max(place.population, 200) * importance(place.feature)) / (km + 3) ** 2;
    best.offer({ place, km }, attraction);
  }
  return best.items().map(({ item: { place, km } }) => ({
    id: place.id,
    name: place.name,
    country: place.country,
    population: place.population,
    lat: place.lat,
    lon: place.lon,
    km: Math.round(km * 10) / 10,
  }));
}

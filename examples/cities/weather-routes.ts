import { BadRequest } from './queries.js';
import type { WeatherService } from './weather.js';

export interface RouteRequest {
  readonly method: string;
  readonly path: string;
  readonly parameters: URLSearchParams;
  /** Aborted when who asked is gone. */
  readonly signal: AbortSignal;
}

/** What is answered under `/api/weather` and the like; `undefined`: it is none of these. */
export async function weatherRoute(
  service: WeatherService,
  { method, path, parameters, signal }: RouteRequest,
): Promise<object | undefined> {
  const start = performance.now();
  const answered = (answer: object) => ({ ...answer, ms: performance.now() - start, worker: process.pid });
  switch (`${method} ${path}`) {
    case 'GET /api/weather': {
      const place = service.place(Number(parameters.get('place')));
      if (place === undefined) throw new BadRequest(`place is the id of a place, not '${parameters.get('place')}'`);
      const weather = await service.weather(place, signal);
      const { id, name, country } = place;
      const age = weather && { ageMs: service.age(weather), isStale: service.isStale(weather) };
      return answered({ place: { id, name, country }, weather, ...age });
    }
    case 'GET /api/climate':
      return answered(await service.climate(countryOf(parameters), signal));
    // Whoever may do so, in a service of yours: this one is on loopback.
    case 'POST /api/corrections':
      return answered(await service.correct(countryOf(parameters)));
    case 'POST /api/office':
      return answered((await service.setAway(parameters.get('away') === 'true')) as object);
    default:
      return undefined;
  }
}

function countryOf(parameters: URLSearchParams): string {
  const country = parameters.get('country') ?? '';
  if (!/^[A-Z]{2}$/.test(country)) throw new BadRequest(`country is a code of two capital letters, not '${country}'`);
  return country;
}

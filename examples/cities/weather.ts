import type { Cache } from 'locmem';
import { z } from 'zod';
import { largest, type Place } from './places.js';

const PLACES_OF_A_COUNTRY = 12;

const WEATHER = z.object({ celsius: z.number(), report: z.number(), at: z.number() });
const MEAN = z.number();

export type Weather = z.infer<typeof WEATHER>;

/** How long the weather of a place is good for, in milliseconds. */
export const WEATHER_TIMES = {
  ttl: 5_000,
  // After that who asks still has it at once, while the office is asked behind him …
  staleWhileRevalidate: 60_000,
  // … and for an hour it is better than none, while the office is away, or has not answered in time.
  staleIfError: 3_600_000,
  timeout: 3_000,
  // That there is no station: one may be built.
  negativeTtl: 60_000,
};

/** The climate changes when the office corrects it, and then it is deleted: the ttl is for what went wrong. */
const CLIMATE_TTL = '1h';

/** The weather office did not answer, or not as it should. */
export class OfficeError extends Error {}

export interface WeatherOptions {
  readonly cache: Cache;
  readonly places: readonly Place[];
  /** The URL of the weather office. */
  readonly office: string;
  readonly times?: typeof WEATHER_TIMES;
  readonly now?: () => number;
}

export interface Climate {
  readonly edition: number;
  readonly places: readonly { readonly id: number; readonly name: string; readonly mean: number }[];
}

/**
 * Weather and climate from a source that is slow and sometimes away, through a cache that all workers share: the office
 * is asked once for what all of them need. Which cache it is makes no difference here.
 */
export class WeatherService {
  readonly #options: Required<WeatherOptions>;
  readonly #places: ReadonlyMap<number, Place>;
  readonly #tableOf;

  constructor(options: WeatherOptions) {
    this.#options = { times: WEATHER_TIMES, now: Date.now, ...options };
    this.#places = new Map(options.places.map((place) => [place.id, place]));
    // A function that is slow, here with the key `table:FR`: called as before, and it can be told to look again.
    const { cache, places } = options;
    this.#tableOf = cache.wrap(
      async (country: string) => {
        const { edition } = z.object({ edition: z.number() }).parse(await this.#ask('/edition', { country }));
        const ids = largest(
          places.filter((place) => place.country === country),
          PLACES_OF_A_COUNTRY,
        ).map(({ id }) => id);
        return { edition, ids };
      },
      { key: (country) => `table:${country}`, ttl: CLIMATE_TTL },
    );
  }

  place(id: number): Place | undefined {
    return this.#places.get(id);
  }

  /**
   * `null`: there is no station.
   *
   * @param signal aborted when who asked is gone. When all are, the office is not waited for any more.
   * @throws OfficeError, LoadTimeoutError if there is nothing to be had, not even an old report.
   */
  weather({ id, lat, country }: Place, signal?: AbortSignal): Promise<Weather | null> {
    const { cache, now, times } = this.#options;
    return cache.getOrSet(
      `weather:${id}`,
      async (context) => {
        const report = await this.#ask('/weather', { place: id, lat }, context.signal);
        return report === null ? null : WEATHER.parse({ ...report, at: now() });
      },
      // The cache may outlive this release: what the next one finds there is checked, too.
      { ...times, tags: [tagOf(country)], schema: WEATHER.nullable(), signal },
    );
  }

  /** Whether it is out of date: the office was away, or is being asked at this moment. */
  isStale({ at }: Weather): boolean {
    return this.age({ at }) >= this.#options.times.ttl;
  }

  /** In milliseconds. */
  age({ at }: Pick<Weather, 'at'>): number {
    return this.#options.now() - at;
  }

  /** The means of a country's largest places: however many are not in the cache, the office is asked once. */
  async climate(country: string, signal?: AbortSignal): Promise<Climate> {
    const { edition, ids } = await this.#tableOf(country);
    const means = await this.#options.cache.getOrSetMany(
      ids.map((id) => `climate:${id}`),
      async (missing, context) => {
        const lats = missing.map((key) => this.#places.get(Number(key.slice('climate:'.length)))?.lat);
        const answer = await this.#ask('/climate', { country, lats: lats.join() }, context.signal);
        const { means } = z.object({ means: z.array(MEAN) }).parse(answer);
        return missing.map((key, index) => [key, means[index]] as const);
      },
      { ttl: CLIMATE_TTL, tags: [tagOf(country)], schema: MEAN, signal },
    );
    const places = ids.map((id) => ({
      id,
      name: this.#places.get(id)?.name ?? '',
      mean: means.get(`climate:${id}`) ?? Number.NaN,
    }));
    return { edition, places };
  }

  /** The office has corrected what it says of a country: all of that, and that alone, is gone, for all workers. */
  async correct(country: string): Promise<{ edition: number }> {
    await this.#ask('/correction', { country }, undefined, 'POST');
    await this.#options.cache.deleteTag(tagOf(country));
    const { edition } = await this.#tableOf.refresh(country);
    return { edition };
  }

  /** The office goes away, or comes back. */
  setAway(isAway: boolean): Promise<unknown> {
    return this.#ask('/away', { is: isAway }, undefined, 'POST');
  }

  /** `null` where the office has nothing. */
  async #ask(
    path: string,
    parameters: Readonly<Record<string, string | number | boolean>>,
    signal: AbortSignal | null = null,
    method = 'GET',
  ): Promise<object | null> {
    const url = new URL(path, this.#options.office);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value));
    let response: Response;
    try {
      response = await fetch(url, { signal, method });
    } catch (error) {
      throw new OfficeError('The weather office cannot be reached.', { cause: error });
    }
    if (response.status === 404) return null;
    if (!response.ok) throw new OfficeError(`The weather office answered with ${response.status}.`);
    return (await response.json()) as object;
  }
}

function tagOf(country: string): string {
  return `country:${country}`;
}

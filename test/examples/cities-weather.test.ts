import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type Cache, LoadTimeoutError, LocMemCache, SharedCache } from 'locmem';
import type { Place } from '../../examples/cities/places.js';
import { OfficeError, WEATHER_TIMES, WeatherService } from '../../examples/cities/weather.js';
import { WeatherOffice } from '../../examples/cities/weather-office.js';
import { gate } from '../conformance/gate.js';
import { ManualClock } from '../conformance/manual-clock.js';
import { until } from '../conformance/until.js';
import { locationApart } from '../shared/tags-apart.js';

/** The office has no station where the id is a multiple of seven. */
const PLACES = [1, 2, 3, 7].map(
  (id): Place => ({
    id,
    name: `Place ${id}`,
    country: id === 3 ? 'DE' : 'FR',
    feature: 'PPL',
    population: 1000 - id,
    lat: id * 10,
    lon: 0,
    folded: `place ${id}`,
  }),
);
const [paris, , berlin, village] = PLACES;

const MAX_BYTES = '128kb';

interface Scene {
  readonly service: WeatherService;
  readonly office: WeatherOffice;
  readonly cache: Cache;
  readonly clock: ManualClock;
  /** In force from the next call on. */
  readonly times: typeof WEATHER_TIMES;
}

/** Where the countries are two to the cache, as most are. */
function locationOf(folder: string): string {
  let segments = 0;
  return locationApart(() => join(folder, `${++segments}.cache`), MAX_BYTES, [':country:FR', ':country:DE']);
}

/** On both faces of memory. @param delay what the answers of the office wait for. */
async function play(run: (scene: Scene) => Promise<void>, delay = async () => {}): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'weather-'));
  const office = await WeatherOffice.open(delay);
  try {
    for (const open of [
      (clock: ManualClock) => new LocMemCache({ clock }),
      (clock: ManualClock) => new SharedCache({ clock, location: locationOf(folder), maxBytes: MAX_BYTES }),
    ]) {
      const clock = new ManualClock();
      await using cache = open(clock);
      const times = { ...WEATHER_TIMES, timeout: 60_000 };
      const now = () => clock.now();
      const service = new WeatherService({ cache, places: PLACES, office: office.url, times, now });
      await run({ service, office, cache, clock, times });
      await service.setAway(false);
    }
  } finally {
    await office.close();
    rmSync(folder, { recursive: true });
  }
}

suite('cities: the weather', () => {
  test('what is out of date is served at once, and loaded behind', () =>
    play(async ({ service, office, clock }) => {
      const first = await service.weather(paris);
      assert.ok(first !== null && !service.isStale(first));
      clock.advance(WEATHER_TIMES.ttl + 1);
      const stale = await service.weather(paris);
      assert.deepEqual(stale, first);
      assert.ok(service.isStale(first));
      assert.equal(service.age(first), WEATHER_TIMES.ttl + 1);
      await until(async () => (await service.weather(paris))?.report !== first.report);
      assert.equal(office.state.asked, (first.report ?? 0) + 1, 'once');
    }));

  test('while the office is away it is served for an hour, to those who wait in vain, too; then there is none', () =>
    play(async ({ service, clock }) => {
      const first = await service.weather(paris);
      await service.setAway(true);
      clock.advance(WEATHER_TIMES.ttl + 1);
      assert.deepEqual(await service.weather(paris), first);
      clock.advance(WEATHER_TIMES.staleWhileRevalidate);
      assert.deepEqual(await service.weather(paris), first);
      await assert.rejects(service.weather(berlin), OfficeError);
      clock.advance(WEATHER_TIMES.staleIfError);
      await assert.rejects(service.weather(paris), OfficeError);
      await service.setAway(false);
      const again = await service.weather(paris);
      assert.ok(again !== null && !service.isStale(again));
    }));

  test('an office that takes too long is not waited for: what is old is served, else it is an error', async () => {
    let waits = gate<void>();
    await play(
      async ({ service, clock, times }) => {
        waits.open();
        const first = await service.weather(paris);
        clock.advance(WEATHER_TIMES.ttl + WEATHER_TIMES.staleWhileRevalidate + 1);
        waits = gate();
        times.timeout = 1;
        assert.deepEqual(await service.weather(paris), first);
        await assert.rejects(service.weather(berlin), LoadTimeoutError);
        waits.open();
      },
      () => waits.opened,
    );
  });

  test('that there is no station is remembered, for its own time', () =>
    play(async ({ service, office, clock }) => {
      const { asked } = office.state;
      assert.equal(await service.weather(village), null);
      clock.advance(WEATHER_TIMES.negativeTtl - 1);
      assert.equal(await service.weather(village), null);
      assert.equal(office.state.asked, asked + 1);
      clock.advance(1);
      assert.equal(await service.weather(village), null);
      await until(() => office.state.asked === asked + 2);
    }));

  test('who leaves does not take the answer from who stays', async () => {
    let waits = gate<void>();
    await play(
      async ({ service, office }) => {
        waits = gate();
        const { asked } = office.state;
        const leaver = new AbortController();
        const left = service.weather(paris, leaver.signal);
        const stays = service.weather(paris);
        await until(() => office.state.asked === asked + 1);
        leaver.abort(new Error('gone'));
        await assert.rejects(left, /gone/);
        waits.open();
        assert.equal((await stays)?.report, asked + 1);
      },
      () => waits.opened,
    );
  });

  test('many at once: the office is asked once for all that is missing', () =>
    play(async ({ service, office, cache }) => {
      const { asked } = office.state;
      const first = await service.climate('FR');
      assert.deepEqual(
        first.places.map(({ id }) => id),
        [1, 2, 7],
        'the largest first',
      );
      assert.equal(office.state.asked, asked + 1);
      await cache.deleteMany(['climate:1', 'climate:7']);
      assert.deepEqual(await service.climate('FR'), first);
      assert.equal(office.state.asked, asked + 2);
    }));

  test('a correction deletes what there is of the country, and nothing else', () =>
    play(async ({ service, office }) => {
      const before = { FR: await service.climate('FR'), DE: await service.climate('DE') };
      const weather = { paris: await service.weather(paris), berlin: await service.weather(berlin) };
      const { edition } = await service.correct('FR');
      assert.equal(edition, before.FR.edition + 1);
      const { asked } = office.state;
      assert.deepEqual(await service.climate('DE'), before.DE);
      assert.deepEqual(await service.weather(berlin), weather.berlin);
      assert.equal(office.state.asked, asked);
      const after = await service.climate('FR');
      assert.equal(after.edition, edition);
      assert.notDeepEqual(after.places, before.FR.places);
      assert.notDeepEqual(await service.weather(paris), weather.paris);
      assert.equal(office.state.asked, asked + 2);
    }));

  test('what another release has stored is not believed', () =>
    play(async ({ service, cache }) => {
      await cache.set('weather:1', { fahrenheit: 50 });
      const weather = await service.weather(paris);
      // In a process of its own, nobody else has stored it.
      if (cache instanceof SharedCache) assert.equal(typeof weather?.celsius, 'number');
      else assert.deepEqual(weather, { fahrenheit: 50 });
    }));
});

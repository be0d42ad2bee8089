import type { CacheOptions, Clock } from 'locmem';
import { CACHE_OPTIONS, readCacheOptions } from '#dist/core/cache-options.js';
import { checkKnownOptions } from '#dist/core/options.js';
import { LoadingServerCache } from '#dist/load/loading-server-cache.js';
import { conformance } from './conformance.js';
import { ManualClock } from './manual-clock.js';
import { MapEngine, MapServer } from './map-engine.js';
import type { Capabilities, Place } from './subject.js';

/** What memcached takes. */
const PORTABLE_BYTES = 250;
const ODD_CHARACTERS = /[\0- \x7f]/;

interface MapServerOptions {
  readonly clock: ManualClock;
  readonly tick: number;
  /** How far from the server the cache is that was opened after so many others. */
  readonly hops: (others: number) => number;
  readonly takes: (name: string) => boolean;
}

class MapCache extends LoadingServerCache {
  constructor(server: MapServer, takes: (name: string) => boolean, hops: number, options: CacheOptions = {}) {
    checkKnownOptions('MapCache', options, CACHE_OPTIONS);
    const settings = readCacheOptions(options);
    super(settings, new MapEngine(server, settings, takes, hops), false);
  }

  protected override get backend() {
    return 'keyv' as const;
  }
}

/** Time passes at every look at it, as it does while one talks to a real server. */
class CreepingClock extends ManualClock implements Clock {
  override now(): number {
    return this.time++;
  }
}

function placeOf({ clock, tick, hops, takes }: MapServerOptions): Place {
  const server = new MapServer(clock, tick);
  const opened: MapCache[] = [];
  return {
    async open(options) {
      const cache = new MapCache(server, takes, hops(opened.length), options);
      opened.push(cache);
      return cache;
    },
    async advance(milliseconds) {
      clock.advance(milliseconds);
    },
    async close() {
      for (const cache of opened) await cache.close();
    },
  };
}

const SERVER: Capabilities = {
  stores: true,
  readsFromOutside: true,
  values: 'copy',
  ttlGranularity: 1,
  counts: 'cache',
  keys: 'well-formed',
  tellsOwnEntries: false,
  keepsExtras: true,
};

conformance({
  name: 'ServerCache',
  face: 'async',
  capabilities: SERVER,
  place: async () => placeOf({ clock: new ManualClock(), tick: 1, hops: () => 1, takes: () => true }),
});

conformance({
  name: 'ServerCache, on a server such as memcached',
  face: 'async',
  capabilities: { ...SERVER, ttlGranularity: 2000, keys: 'memcached' },
  place: async () =>
    placeOf({
      clock: new CreepingClock(),
      tick: 1000,
      // The first is the slowest.
      hops: (others) => Math.max(1, 4 - others),
      takes: (name) => Buffer.byteLength(name) <= PORTABLE_BYTES && !ODD_CHARACTERS.test(name),
    }),
});

import { type CacheOptions, LocMemCache, type LocMemCacheOptions } from 'locmem';
import { conformance } from './conformance.js';
import { ManualClock } from './manual-clock.js';
import { type Capabilities, type Place, type Subject, syncFace } from './subject.js';

const LOCMEM: Capabilities = {
  stores: true,
  readsFromOutside: false,
  values: 'copy',
  ttlGranularity: 1,
  counts: 'store',
  keys: 'any',
  tellsOwnEntries: true,
  keepsExtras: true,
};

let places = 0;

function placeOf(face: Subject['face'], own: LocMemCacheOptions): Place {
  const clock = new ManualClock();
  const location = `conformance ${++places}`;
  const opened: LocMemCache[] = [];
  return {
    async open(options: CacheOptions = {}) {
      const cache = new LocMemCache({ ...own, ...options, location, clock } as LocMemCacheOptions);
      opened.push(cache);
      return face === 'async' ? cache : syncFace(cache);
    },
    async advance(milliseconds) {
      clock.advance(milliseconds);
    },
    async close() {
      for (const cache of opened) await cache.close();
    },
  };
}

for (const policy of ['lru', 'tinylfu'] as const) {
  for (const values of ['copy', 'frozen', 'reference'] as const) {
    for (const face of ['async', 'sync'] as const) {
      conformance({
        name: `LocMemCache, ${policy}, values: '${values}'`,
        face,
        capabilities: { ...LOCMEM, values },
        place: async () => placeOf(face, { policy, values, maxEntries: 1000 }),
      });
    }
  }
}

for (const own of [{ cullFrequency: 3 }, { maxSize: '64mb' }] as LocMemCacheOptions[]) {
  conformance({
    name: `LocMemCache, ${JSON.stringify(own)}`,
    face: 'sync',
    capabilities: LOCMEM,
    place: async () => placeOf('sync', { ...own, maxEntries: 1000 } as LocMemCacheOptions),
  });
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { type CacheOptions, SharedCache, type SharedCacheOptions } from 'locmem';
import { locationApart } from '../shared/tags-apart.js';
import { conformance } from './conformance.js';
import { ManualClock } from './manual-clock.js';
import { type Capabilities, type Place, type Subject, syncFace } from './subject.js';

const SHARED: Capabilities = {
  stores: true,
  readsFromOutside: true,
  values: 'copy',
  ttlGranularity: 1,
  counts: 'store',
  keys: 'any',
  tellsOwnEntries: true,
  keepsExtras: true,
};
const MAX_BYTES = '4mb';

const folder = mkdtempSync(join(tmpdir(), 'locmem-conformance-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let places = 0;
const nextLocation = () => join(folder, `${++places}.cache`);

function placeOf(face: Subject['face'], own: Partial<SharedCacheOptions>, apart?: readonly string[]): Place {
  const clock = new ManualClock();
  const location = apart === undefined ? nextLocation() : locationApart(nextLocation, MAX_BYTES, apart);
  const opened: SharedCache[] = [];
  return {
    async open(options: CacheOptions = {}) {
      const cache = new SharedCache({ maxBytes: MAX_BYTES, ...own, ...options, location, clock });
      opened.push(cache);
      return face === 'async' ? cache : syncFace(cache);
    },
    async advance(milliseconds) {
      clock.advance(milliseconds);
    },
    async close() {
      for (const cache of opened) await cache.close();
      rmSync(location, { force: true });
    },
  };
}

for (const values of ['copy', 'frozen'] as const) {
  for (const nearEntries of [1000, 2, 0]) {
    // One frozen value for all readers is one that is kept.
    if (values === 'frozen' && nearEntries === 0) continue;
    for (const face of nearEntries === 1000 ? (['async', 'sync'] as const) : (['sync'] as const)) {
      conformance({
        name: `SharedCache, values: '${values}', nearEntries: ${nearEntries}`,
        face,
        capabilities: { ...SHARED, values },
        place: async (apart) => placeOf(face, { values, nearEntries }, apart),
      });
    }
  }
}

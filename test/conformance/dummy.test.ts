import { DummyCache } from 'locmem';
import { conformance } from './conformance.js';
import { type Place, type Subject, syncFace } from './subject.js';

function placeOf(face: Subject['face']): Place {
  return {
    open: async (options) => (face === 'async' ? new DummyCache(options) : syncFace(new DummyCache(options))),
    async advance() {},
    async close() {},
  };
}

for (const face of ['async', 'sync'] as const) {
  conformance({
    name: 'DummyCache',
    face,
    capabilities: {
      stores: false,
      readsFromOutside: false,
      values: 'copy',
      ttlGranularity: 1,
      counts: 'nothing',
      keys: 'any',
      tellsOwnEntries: true,
    },
    place: async () => placeOf(face),
  });
}

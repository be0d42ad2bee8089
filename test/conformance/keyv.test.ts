import { mock } from 'node:test';
import { Keyv, type KeyvOptions } from 'keyv';
import { type CacheOptions, KeyvCache } from 'locmem';
import { conformance } from './conformance.js';
import type { Place } from './subject.js';

// Keyv has no clock of its own.
mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 1) });

function placeOf(keyv: Keyv): Place {
  const opened: KeyvCache[] = [];
  return {
    async open(options: CacheOptions = {}) {
      const cache = new KeyvCache(keyv, options);
      opened.push(cache);
      return cache;
    },
    async advance(milliseconds) {
      mock.timers.tick(milliseconds);
    },
    async close() {
      for (const cache of opened) await cache.close();
    },
  };
}

const KEYVS: Record<string, KeyvOptions> = {
  'a Map': {},
  'a Map, nothing serialized': { serialize: undefined as never, deserialize: undefined as never },
  'a Map, no namespace': { namespace: undefined as never },
};

for (const [title, options] of Object.entries(KEYVS)) {
  conformance({
    name: `KeyvCache on ${title}`,
    face: 'async',
    capabilities: { stores: true, values: 'copy', ttlGranularity: 1, countsCalls: false },
    place: async () => placeOf(new Keyv(options)),
  });
}

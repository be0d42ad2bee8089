import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock } from 'node:test';
import { Keyv, type KeyvOptions } from 'keyv';
import { open } from 'lmdb';
import { type CacheOptions, KeyvCache } from 'locmem';
import { LmdbAdapter } from '../keyv/lmdb-adapter.js';
import { conformance } from './conformance.js';
import type { Place } from './subject.js';

// Keyv has no clock of its own.
mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 1) });

const folder = mkdtempSync(join(tmpdir(), 'locmem-keyv-'));
const root = open({ path: folder, maxDbs: 1, noSync: true });
const database = root.openDB<[string, string], string>({ name: 'keyv' });
after(async () => {
  await root.close();
  rmSync(folder, { recursive: true, force: true });
});

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

const PLAIN = { serialize: undefined, deserialize: undefined } as unknown as KeyvOptions;
let places = 0;

const KEYVS: Record<string, () => Keyv> = {
  'a Map': () => new Keyv(),
  'a Map, nothing serialized, no namespace': () => new Keyv({ ...PLAIN, namespace: undefined as never }),
  'a database': () => new Keyv({ store: new LmdbAdapter(database), namespace: `place${++places}` }),
};

for (const [title, make] of Object.entries(KEYVS)) {
  conformance({
    name: `KeyvCache on ${title}`,
    face: 'async',
    capabilities: {
      stores: true,
      readsFromOutside: true,
      values: 'copy',
      ttlGranularity: 1,
      counts: 'cache',
      keys: 'well-formed',
      tellsOwnEntries: false,
      keepsExtras: true,
    },
    place: async () => placeOf(make()),
  });
}

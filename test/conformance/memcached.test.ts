import { after, before, describe } from 'node:test';
import { type CacheOptions, MemcachedCache } from 'locmem';
import { MemcachedServer } from '../servers/memcached-server.js';
import { needs } from '../servers/needs.js';
import { conformance } from './conformance.js';
import { ManualClock } from './manual-clock.js';
import type { Place } from './subject.js';

/** Where the answer to most commands ends. */
const LINE = /\r\n$/;

/** A place is all that the servers have: specifications run one after the other, each on empty ones. */
async function placeOf(servers: readonly MemcachedServer[]): Promise<Place> {
  for (const server of servers) await server.command(['flush_all'], LINE);
  const clock = new ManualClock();
  const urls = servers.map(({ url }) => url);
  const opened: MemcachedCache[] = [];
  return {
    async open(options: CacheOptions = {}) {
      const cache = new MemcachedCache({ commandTimeout: '1m', ...options, urls, clock });
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

needs('memcached', () => {
  for (const count of [1, 2]) {
    describe(`memcached, servers: ${count}`, () => {
      const servers: MemcachedServer[] = [];
      before(async () => {
        for (let i = 0; i < count; i++) servers.push(await MemcachedServer.start());
      });
      after(async () => {
        for (const server of servers) await server.stop();
      });

      conformance({
        name: `MemcachedCache, servers: ${count}`,
        face: 'async',
        capabilities: {
          stores: true,
          readsFromOutside: true,
          values: 'copy',
          ttlGranularity: 1,
          counts: 'cache',
          keys: 'memcached',
          tellsOwnEntries: false,
          keepsExtras: true,
        },
        place: () => placeOf(servers),
      });
    });
  }
});

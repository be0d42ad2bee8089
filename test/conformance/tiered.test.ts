import { LocMemCache, RedisCache, TieredCache } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { conformance } from './conformance.js';
import { ManualClock } from './manual-clock.js';
import { once, PATIENCE, placeOn, REDIS } from './redis-place.js';
import type { Place } from './subject.js';

const DATABASES = 1000;

needs('redis-server', () => {
  const started = once(() => RedisServer.start({ settings: { databases: DATABASES } }));
  let places = 0;

  async function tieredPlace(): Promise<Place> {
    const server = await started();
    const database = places++ % DATABASES;
    const url = `${server.url}/${database}`;
    const far = await placeOn([server], database, {});
    const clock = new ManualClock();
    const opened: TieredCache[] = [];
    return {
      async open(options = {}) {
        // One l1 for all, as caches of one process have it: what one writes, the others see at once.
        const l1 = new LocMemCache({ location: `tiered ${database}`, clock });
        const cache = new TieredCache({ l1, l2: new RedisCache({ commandTimeout: PATIENCE, ...options, url }) });
        opened.push(cache);
        return cache;
      },
      async advance(milliseconds) {
        clock.advance(milliseconds);
        await far.advance(milliseconds);
      },
      async close() {
        for (const cache of opened) await cache.close();
      },
    };
  }

  conformance({ name: 'TieredCache', face: 'async', capabilities: REDIS, place: tieredPlace });
});

/**
 * How fast each of our caches is, side by side, for docs/which-cache-when.md: `node build/bench/which-cache.js`, after a
 * build. Servers are of its own, on loopback; those that are not on the PATH are left out.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Keyv from 'keyv';
import { type Cache, KeyvCache, LocMemCache, MemcachedCache, RedisCache, SharedCache, TieredCache } from 'locmem';
import { markdownTable } from './markdown.js';
import { startServers } from './servers.js';

const KEYS = 300;
const MANY = 100;
/** In turn: whatever else the machine does falls on all of them. The best one counts, in which it did the least. */
const ROUNDS = 15;
const ROUND_MS = 50;
const AT_ONCE = 100;

const keys = Array.from({ length: KEYS }, (_, i) => `user:${i}`);
const keysFrom = (i: number, count: number) => Array.from({ length: count }, (_, n) => keys[(i + n) % KEYS] as string);
const VALUE = {
  id: 7,
  name: 'Ada Lovelace',
  mail: 'ada@example.org',
  city: 'London',
  score: 12.5,
  admin: true,
  referrer: null,
  visits: 1815,
  theme: 'dark',
  language: 'en',
};

interface Measure {
  readonly name: string;
  /** How many operations one call is. */
  readonly operations: number;
  readonly call: (cache: Cache, i: number) => Promise<unknown>;
}

const MEASURES: readonly Measure[] = [
  { name: 'get, a hit', operations: 1, call: (cache, i) => cache.get(keys[i % KEYS] as string) },
  {
    name: `the same, ${AT_ONCE} under way`,
    operations: AT_ONCE,
    call: (cache, i) => Promise.all(keysFrom(i, AT_ONCE).map((key) => cache.get(key))),
  },
  { name: 'set', operations: 1, call: (cache, i) => cache.set(keys[i % KEYS] as string, VALUE) },
  { name: `getMany of ${MANY}`, operations: 1, call: (cache, i) => cache.getMany(keysFrom(i, MANY)) },
];

/** Nanoseconds of an operation. */
async function measure(cache: Cache, { call, operations }: Measure): Promise<number> {
  const start = performance.now();
  let calls = 0;
  let passed = 0;
  do {
    for (let i = 0; i < 10; i++) await call(cache, calls++);
    passed = performance.now() - start;
  } while (passed < ROUND_MS);
  return (passed * 1e6) / (calls * operations);
}

function openCaches(folder: string, port: (server: string) => number | undefined): Map<string, Cache> {
  const common = { ttl: '1h' } as const;
  const local = (keyPrefix: string) => new LocMemCache({ ...common, keyPrefix, maxEntries: 1000 });
  const shared = (keyPrefix: string) => new SharedCache({ ...common, keyPrefix, location: join(folder, keyPrefix) });
  const caches = new Map<string, Cache>([
    ['LocMemCache', local('local')],
    ['SharedCache', shared('shared')],
    ['KeyvCache, over a Map', new KeyvCache(new Keyv(), common)],
  ]);
  const redis = port('redis-server');
  if (redis !== undefined) {
    // Each under a prefix of its own: what one of them writes would be dropped from the l1 of the others.
    const onRedis = (keyPrefix: string) => new RedisCache({ ...common, keyPrefix, url: `redis://127.0.0.1:${redis}` });
    caches.set('TieredCache: LocMemCache, RedisCache', new TieredCache({ l1: local('l1'), l2: onRedis('l1') }));
    caches.set('TieredCache: SharedCache, RedisCache', new TieredCache({ l1: shared('l1s'), l2: onRedis('l1s') }));
    caches.set('RedisCache', onRedis('far'));
  }
  const memcached = port('memcached');
  if (memcached !== undefined) {
    caches.set('MemcachedCache', new MemcachedCache({ ...common, url: `memcached://127.0.0.1:${memcached}` }));
  }
  return caches;
}

const folder = mkdtempSync(join(tmpdir(), 'which-cache-'));
const servers = await startServers();
const caches = openCaches(folder, (server) => servers.find(({ name }) => name === server)?.port);
try {
  for (const cache of caches.values()) await cache.setMany(new Map(keys.map((key) => [key, VALUE])));
  const best = new Map([...caches.keys()].map((name) => [name, MEASURES.map(() => Infinity)]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, cache] of caches) {
      const figures = best.get(name) as number[];
      for (const [i, one] of MEASURES.entries()) figures[i] = Math.min(figures[i] as number, await measure(cache, one));
    }
  }
  const rows = [...best].map(([name, figures]) => [name, ...figures.map((ns) => Math.round(ns).toLocaleString('en'))]);
  const heads = ['ns', ...MEASURES.map(({ name }) => name)];
  console.log(markdownTable(heads, ['left', ...MEASURES.map(() => 'right' as const)], rows).join('\n'));
} finally {
  await Promise.all([...caches.values()].map((cache) => cache.close()));
  for (const server of servers) server.stop();
  rmSync(folder, { recursive: true });
}

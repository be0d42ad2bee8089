import { describe, it } from 'node:test';
import {
  type Cache,
  type CacheOptions,
  type CacheStats,
  type Caches,
  type cache,
  cached,
  type caches,
  createCaches,
  DummyCache,
  type LoadContext,
  LocMemCache,
  type LocMemCacheOptions,
  type SyncCache,
  type Ttl,
  type ValueOrFactory,
} from 'locmem';

/** Whether two types are the same, not merely assignable. */
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile unless `T` is `true`. */
function expectType<T extends true>(..._: T[]): void {}

interface User {
  name: string;
}

/** Never called: the compiler is what tests it. */
export function reads(c: SyncCache): void {
  const plain = c.get('k');
  expectType<Equal<typeof plain, Promise<unknown>>>();
  const user = c.getSync<User>('k');
  expectType<Equal<typeof user, User | undefined>>();
  const versioned = c.getSync<User>('k', { version: 2 });
  expectType<Equal<typeof versioned, User | undefined>>();
  const fallback = c.getSync<User>('k', { default: { name: 'nobody' } });
  expectType<Equal<typeof fallback, User>>();
  const orNull = c.getSync<User, null>('k', { default: null, version: 2 });
  expectType<Equal<typeof orNull, User | null>>();
  const textOrNull = c.getSync<string>('a', { default: null });
  expectType<Equal<typeof textOrNull, string | null>>();
  const laterOrNull = c.get<string>('a', { default: null, version: 2 });
  expectType<Equal<typeof laterOrNull, Promise<string | null>>>();
  const orNone = c.get<User, 'none'>('k', { default: 'none' });
  expectType<Equal<typeof orNone, Promise<User | 'none'>>>();
  const many = c.getMany<User>(new Set(['a']));
  expectType<Equal<typeof many, Promise<Map<string, User>>>>();
  const stats = c.statsSync();
  expectType<Equal<typeof stats, CacheStats>>();
  // @ts-expect-error a key is a string
  c.get(5);
  // @ts-expect-error a misspelt option
  c.get('k', { verison: 2 });
  // @ts-expect-error a version is a number
  c.has('k', { version: '2' });
  // @ts-expect-error get takes no ttl
  c.get('k', { ttl: 5 });
}

export function writes(c: SyncCache): void {
  const set = c.set('k', { any: 'value' });
  expectType<Equal<typeof set, Promise<void>>>();
  const added = c.addSync('k', 1, '5m');
  expectType<Equal<typeof added, boolean>>();
  const failed = c.setMany({ a: 1, b: 'two' }, { ttl: '1h', version: 2 });
  expectType<Equal<typeof failed, Promise<string[]>>>();
  c.setMany(new Map([['a', 1]]), null);
  c.setMany([['a', 1] as const]);
  c.set('k', 1, { tags: ['a'] as const });
  const untagged = c.deleteTags(new Set(['a']));
  expectType<Equal<typeof untagged, Promise<void>>>();
  c.deleteTagSync('a');
  // @ts-expect-error tags are strings
  c.set('k', 1, { tags: [1] });
  // @ts-expect-error a tag is a string
  c.deleteTag(['a']);
  const sum = c.incr('n', 5, { version: 2 });
  expectType<Equal<typeof sum, Promise<number>>>();
  c.touch('k', undefined, { version: 2 });
  // @ts-expect-error not a ttl
  c.set('k', 1, 'soon');
  // @ts-expect-error not a ttl either
  c.set('k', 1, { ttl: true });
  // @ts-expect-error a misspelt option
  c.set('k', 1, { tll: 5 });
  // @ts-expect-error a delta is a number
  c.incr('n', '1');
  // @ts-expect-error pairs have string keys
  c.setMany(new Map([[1, 1]]));
}

export function ttls(): void {
  const good: Ttl[] = [0, 1.5, -1, null, Number.POSITIVE_INFINITY, '250ms', '30s', '5m', '2h', '1d', '1.5h', '-1s'];
  // @ts-expect-error no unit
  const noUnit: Ttl = '5';
  // @ts-expect-error no such unit
  const parsecs: Ttl = '5parsecs';
  // @ts-expect-error no number
  const noNumber: Ttl = 'm';
  // @ts-expect-error nothing at all
  const nothing: Ttl = undefined;
  void [good, noUnit, parsecs, noNumber, nothing];
}

export function loads(c: SyncCache): void {
  const fromAsync = c.getOrSet('k', async () => ({ name: 'n' }));
  expectType<Equal<typeof fromAsync, Promise<{ name: string }>>>();
  const fromSync = c.getOrSet('k', () => 5);
  expectType<Equal<typeof fromSync, Promise<number>>>();
  const fromValue = c.getOrSet<number>('k', 5);
  expectType<Equal<typeof fromValue, Promise<number>>>();
  const sync = c.getOrSetSync('k', () => 'made', { ttl: '5m' });
  expectType<Equal<typeof sync, string>>();
  const fetched = c.getOrSet('k', async ({ signal }) => (await fetch('http://localhost', { signal })).status, {
    ttl: '5m',
    jitter: '30s',
    negativeTtl: 0,
    timeout: '2s',
    signal: undefined,
  });
  expectType<Equal<typeof fetched, Promise<number>>>();
  c.getOrSetSync('k', () => 1, { jitter: '30s', negativeTtl: '1s' });
  const kept = c.getOrSet(
    'k',
    async (context) => {
      expectType<Equal<typeof context.stale, unknown>>();
      if (context.stale !== undefined) return context.unchanged;
      context.ttl = '1h';
      context.tags = ['a'];
      return 5;
    },
    { staleWhileRevalidate: '1h', staleIfError: null, staleTimeout: 100, earlyRefresh: 0.5, lockTimeout: '1s' },
  );
  expectType<Equal<typeof kept, Promise<number>>>();
  const unknowns = c.getOrSet<unknown>('k', (context) => {
    expectType<Equal<typeof context, LoadContext>>();
    return context.stale;
  });
  expectType<Equal<typeof unknowns, Promise<unknown>>>();
  const unknownSync = c.getOrSetSync<unknown>('k', (context) => {
    expectType<Equal<typeof context, LoadContext>>();
    return 1;
  });
  expectType<Equal<typeof unknownSync, unknown>>();
  const numberOrNull = c.getOrSet('k', () => (Math.random() < 0.5 ? null : 5));
  expectType<Equal<typeof numberOrNull, Promise<number | null>>>();
  const fromObjectValue = c.getOrSet('k', { name: 'n' });
  expectType<Equal<typeof fromObjectValue, Promise<{ name: string }>>>();
  const fromNull = c.getOrSet('k', null);
  expectType<Equal<typeof fromNull, Promise<null>>>();
  // @ts-expect-error a call that does not wait serves nothing stale
  c.getOrSetSync('k', () => 1, { staleIfError: '1h' });
  // @ts-expect-error the sync face does not wait
  c.getOrSetSync('k', () => 1, { timeout: '1s' });
  // @ts-expect-error a set does not load
  c.set('k', 1, { jitter: '1s' });

  const fromMap = c.getOrSetMany(['a'], async (missing) => new Map(missing.map((key) => [key, 1])), '5m');
  expectType<Equal<typeof fromMap, Promise<Map<string, number>>>>();
  const fromObject = c.getOrSetMany(new Set(['a']), () => ({ a: 'one', b: 'two' }), { jitter: '1s' });
  expectType<Equal<typeof fromObject, Promise<Map<string, string>>>>();
  const fromPairs = c.getOrSetMany<User>(['a'], (missing) => missing.map((name) => [name, { name }]));
  expectType<Equal<typeof fromPairs, Promise<Map<string, User>>>>();
  const manySync = c.getOrSetManySync(['a'], (missing) => missing.map((key) => [key, key.length] as const));
  expectType<Equal<typeof manySync, Map<string, number>>>();
  // @ts-expect-error values alone do not say whose they are
  c.getOrSetMany(['a'], () => [1]);

  const wrapped = c.wrap(async (id: number, name: string) => ({ id, name }), {
    key: (id, name) => `${id}:${name}`,
    ttl: '5m',
  });
  expectType<Equal<Parameters<typeof wrapped>, [id: number, name: string]>>();
  expectType<Equal<ReturnType<typeof wrapped>, Promise<{ id: number; name: string }>>>();
  const wrappedSync = c.wrap((n: number) => n * 2, { key: 'k' });
  expectType<Equal<ReturnType<typeof wrappedSync>, Promise<number>>>();
  // @ts-expect-error the key function takes the arguments of the function
  c.wrap((id: number) => id, { key: (id: string) => id });
  const invalidated = wrapped.invalidate(1, 'name');
  expectType<Equal<typeof invalidated, Promise<boolean>>>();
  const refreshed = wrapped.refresh(1, 'name');
  expectType<Equal<typeof refreshed, Promise<{ id: number; name: string }>>>();
  const byName = c.wrap(function double(n: number) {
    return n * 2;
  });
  expectType<Equal<ReturnType<typeof byName>, Promise<number>>>();
  // @ts-expect-error wrapped functions keep their arguments
  byName.invalidate('1');
  // @ts-expect-error wrapped functions keep their arguments
  byName.refresh();
  // @ts-expect-error wrapped functions keep their arguments
  wrapped('1', 'name');
}

/** What is loaded is typed where its type is a parameter, too. */
export function generic<T>(
  c: SyncCache,
  own: LocMemCache,
  value: T,
  factory: () => Promise<T>,
  either: ValueOrFactory<T>,
) {
  const results: Promise<T>[] = [
    c.getOrSet('k', factory),
    c.getOrSet('k', value),
    c.getOrSet<T>('k', value),
    c.getOrSet<T>('k', either),
    own.getOrSet('k', factory),
    own.getOrSet<T>('k', value),
  ];
  const unknowns = own.getOrSet<unknown>('k', ({ stale }) => stale);
  expectType<Equal<typeof unknowns, Promise<unknown>>>();
  return { results, now: c.getOrSetSync<T>('k', value) };
}

export function decorated(c: Cache): void {
  class Users {
    @cached({ cache: c, ttl: '5m', jitter: '30s' })
    async find(id: number, _full?: boolean): Promise<User> {
      return { name: `${id}` };
    }
    @cached({ cache: c, key: (id: number) => `user:${id}` })
    async findOne(id: number, _full?: boolean): Promise<User> {
      return { name: `${id}` };
    }
    @cached({ cache: c, key: 'all' })
    async all(): Promise<User[]> {
      return [];
    }
    // @ts-expect-error the key function takes the arguments of the method
    @cached({ cache: c, key: (id: string) => id })
    async other(id: number): Promise<number> {
      return id;
    }
    // @ts-expect-error a method that answers at once cannot answer through a cache
    @cached({ cache: c })
    now(): number {
      return 1;
    }
    // @ts-expect-error a misspelt option
    @cached({ cache: c, tll: 5 })
    async misspelt(): Promise<void> {}
  }
  const found = new Users().find(1);
  expectType<Equal<typeof found, Promise<User>>>();
}

export function options(): void {
  const good: LocMemCacheOptions[] = [
    {},
    { location: 'here', maxEntries: 5, ttl: '5m', keyPrefix: 'p', version: 2, ttlResolution: 0 },
    { maxSize: '64mb', sizeOf: (value, key) => key.length + String(value).length },
    { maxSize: 1024 },
    { policy: 'tinylfu', values: 'frozen' },
    { cullFrequency: 3, clock: { now: () => 0 }, keyFunction: (key, prefix, version) => `${prefix}${version}${key}` },
  ];
  const shared: CacheOptions = { ttl: null };
  void [good, shared];
  // @ts-expect-error a misspelt option
  new LocMemCache({ maxEntires: 5 });
  // @ts-expect-error no such policy
  new LocMemCache({ policy: 'lfu' });
  // @ts-expect-error no such mode
  new LocMemCache({ values: 'clone' });
  // @ts-expect-error not a size
  new LocMemCache({ maxSize: 'large' });
  // @ts-expect-error a DummyCache has no location
  new DummyCache({ location: 'here' });
}

export function configured(): void {
  const made = createCaches({
    pages: { backend: 'locmem', maxEntries: 5 },
    off: { backend: 'dummy', ttl: '5m' },
    url: 'locmem:here?maxEntries=5',
    dummyUrl: 'dummy:',
    own: new DummyCache(),
  });
  expectType<Equal<typeof made.pages, LocMemCache>>();
  expectType<Equal<typeof made.off, DummyCache>>();
  expectType<Equal<typeof made.url, LocMemCache>>();
  expectType<Equal<typeof made.dummyUrl, DummyCache>>();
  expectType<Equal<typeof made.own, DummyCache>>();
  expectType<Equal<typeof made.default, LocMemCache>>();
  expectType<Equal<ReturnType<typeof made.close>, Promise<void>>>();
  const other = createCaches({ default: { backend: 'dummy' } });
  expectType<Equal<typeof other.default, DummyCache>>();
  const byEnvironment = createCaches({ pages: process.env.CACHE_URL ?? 'dummy:' });
  expectType<Equal<typeof byEnvironment.pages, Cache>>();
  const named: Caches<{ pages: DummyCache }> = createCaches({ pages: new DummyCache() });
  void named;
  // @ts-expect-error an alias that is not there
  made.sessions;
  // @ts-expect-error caches cannot be replaced
  made.pages = made.default;
  // @ts-expect-error a wrong option
  createCaches({ pages: { backend: 'locmem', maxEntries: '5' } });
  // @ts-expect-error no such backend
  createCaches({ pages: { backend: 'locmen' } });
  expectType<Equal<typeof cache, LocMemCache>>();
  expectType<Equal<typeof caches.default, LocMemCache>>();
}

export async function disposal(): Promise<void> {
  await using one = new LocMemCache();
  await using all = createCaches({});
  void [one, all];
  const async: Cache = one;
  const sync: SyncCache = one;
  // @ts-expect-error the async contract has no sync twins
  async.getSync('k');
  void sync;
}

describe('the types of the contract', () => {
  it('are what this file, which compiled, says', () => {});
});

export function configs(): void {
  // @ts-expect-error an option that the backend does not have
  createCaches({ users: { backend: 'locmem', maxEntrys: 5 } });
  // @ts-expect-error an option of another backend
  createCaches({ users: { backend: 'dummy', maxEntries: 5 } });
}

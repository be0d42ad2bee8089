import { it } from 'node:test';
import type { Cache, CacheOptions, SyncCache } from 'locmem';

/** A backend, in one configuration and through one of its faces, that the conformance suite is run on. */
export interface Subject {
  readonly name: string;
  readonly face: 'async' | 'sync';
  readonly capabilities: Capabilities;
  /**
   * A place of its own for one specification: empty, and shared by all caches opened there.
   *
   * @param apart tags, each behind its prefix and a colon, of which no two may be one to the backend there.
   */
  place(apart?: readonly string[]): Promise<Place>;
}

/** What a backend promises, where backends may differ. */
export interface Capabilities {
  /** Whether what was stored can be read. Where not, only arguments, loading and closing are tested. */
  readonly stores: boolean;
  /** Whether what is read may have been written by another program: then a call's schema is asked. */
  readonly readsFromOutside: boolean;
  /** What a reader may do with a value. */
  readonly values: 'copy' | 'frozen' | 'reference';
  /**
   * The step of expiry, in milliseconds. 1: it is exact, and time passes only by `advance`. More: entries are looked at
   * this long before and after their end, which is also what a specification may take in the time of a real server.
   */
  readonly ttlGranularity: number;
  /** What `stats()` counts: every call at the place since it was made; those of one cache; or nothing reliably. */
  readonly counts: 'store' | 'cache' | 'nothing';
  /** Which keys are taken: any text; what UTF-8 can carry; or what memcached takes. The others: `InvalidKeyError`. */
  readonly keys: 'any' | 'well-formed' | 'memcached';
  /** Whether `clear` finds the entries of a prefix that a key function hides. Where not: `InvalidConfigError`. */
  readonly tellsOwnEntries: boolean;
  /** Whether entries have tags and a time to be stale. */
  readonly keepsExtras?: boolean;
}

export interface Place {
  open(options?: CacheOptions): Promise<Cache>;
  /** Lets time pass for the entries at this place. */
  advance(milliseconds: number): Promise<void>;
  /** Closes every cache opened here, and removes what they left behind. */
  close(): Promise<void>;
}

/** What a specification is given: a cache at an empty place, and the place. */
export interface Scene {
  readonly cache: Cache;
  readonly place: Place;
}

type Body = (scene: Scene) => Promise<void>;

/** One specification, run on a place of its own. */
export function spec(subject: Subject, title: string, body: Body): void {
  it(title, () => run(subject, body));
}

/** The same at a place where these tags are apart: some backends take two for one, by chance. */
export function tagSpec(subject: Subject, title: string, apart: readonly string[], body: Body): void {
  it(title, () => run(subject, body, apart));
}

async function run(subject: Subject, body: Body, apart?: readonly string[]): Promise<void> {
  const place = await subject.place(apart);
  try {
    await body({ cache: await place.open(), place });
  } finally {
    await place.close();
  }
}

const TWINS = [
  'get',
  'set',
  'add',
  'getOrSet',
  'getMany',
  'getOrSetMany',
  'setMany',
  'has',
  'delete',
  'deleteMany',
  'touch',
  'incr',
  'decr',
  'incrVersion',
  'decrVersion',
  'clear',
  'deleteTag',
  'deleteTags',
  'stats',
  'close',
] as const;

/** The `Sync` twins of a cache, behind the promises that the suite awaits: what they throw becomes a rejection. */
export function syncFace(cache: SyncCache): Cache {
  const face: Record<string | symbol, unknown> = {
    wrap: cache.wrap.bind(cache),
    [Symbol.asyncDispose]: cache[Symbol.asyncDispose].bind(cache),
  };
  for (const name of TWINS) {
    const twin = cache[`${name}Sync`] as (...args: unknown[]) => unknown;
    face[name] = async (...args: unknown[]) => twin.apply(cache, args);
  }
  return face as unknown as Cache;
}

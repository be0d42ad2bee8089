import { SharedCache } from 'locmem';
import { PrimitiveCache } from '../shared/primitive-cache.js';

/** What a process does when it dies, on a segment of 128 kb that is full: whatever is written has to make room. */
export interface CrashOperation {
  readonly name: string;
  /** The key that is written: `victim` by default. */
  readonly key?: string;
  /** What has to be there afterwards, all the same: where it counts or prolongs, nothing may be lost. */
  readonly mayLose?: boolean;
  /** The groups that it clears: each at once, or entry by entry. */
  readonly clears?: readonly Group[];
  readonly isGradual?: boolean;
  /** Somebody died before in this operation, at this step: it begins with what is left of that. */
  readonly after?: readonly [operation: string, step: string];
  /** What stands at the ends of the logs is damaged before: the shard is emptied. */
  readonly isDamaged?: boolean;
  /** The steps of opening count, too, and nobody else has the segment open; or there is none yet. */
  readonly opens?: 'what is there' | 'what is damaged' | 'nothing';
  run(cache: PrimitiveCache, location: string): void;
}

export const OPTIONS = { maxBytes: '128kb', ttl: null } as const;
export const SMALL = 'v'.repeat(100);
export const OTHER = 'w'.repeat(100);
export const LARGE = 'x'.repeat(3000);
export const OTHER_LARGE = 'y'.repeat(3000);

/** Bystanders: by the prefix of their cache. One is too long for the segment's table of prefixes; one has extras and a tag. */
export const GROUPS = {
  plain: '',
  p: 'p',
  pp: 'pp',
  long: 'a-prefix-that-is-longer-than-fits',
  tagged: 'tagged',
} as const;
export const EXTRAS = { staleFor: 3_600_000, loadTime: 5, tags: ['tag', 'another'] } as const;
export type Group = keyof typeof GROUPS;
export const VICTIMS = ['victim', ...Array.from({ length: 15 }, (_, i) => `victim:${i}`)];

const set = (cache: SharedCache) => cache.setSync('victim', OTHER);
const resize = (cache: SharedCache) => cache.setSync('victim', LARGE);
const resizeAndSet = (cache: SharedCache) => {
  resize(cache);
  cache.setSync('victim', OTHER_LARGE);
};
const count = (cache: SharedCache) => cache.incrSync('number');
const look = (cache: SharedCache) => void cache.getSync('victim');
/** So many that what is in use has to be moved, and what is not has to go. */
const setMany = (cache: SharedCache) => {
  for (let i = 0; i < 40; i++) cache.setSync(`new:${i}`, OTHER);
};
/** Some of them within a shard, others to another, on a way up or down: two locks are held then. */
const moveAll = (cache: SharedCache) => {
  for (const key of VICTIMS) if (cache.hasSync(key)) cache.incrVersionSync(key);
};
const clearOf = (prefix: string) => (_: SharedCache, location: string) =>
  new SharedCache({ location, ...OPTIONS, keyPrefix: prefix }).clearSync();

const store = (value: string) => (cache: PrimitiveCache) => cache.store('victim', value, 3_600_000, EXTRAS);
const renew = (key: string) => (cache: PrimitiveCache) => cache.renewSync(key, 3_600_000, 3_600_000);
const deleteTag = (_: SharedCache, location: string) =>
  new PrimitiveCache({ location, ...OPTIONS, keyPrefix: GROUPS.tagged }).removeTagsSync('tag');
const takeLease = (cache: PrimitiveCache) => {
  for (const lease of [cache.lease('victim'), cache.lease('another')]) void lease!.release();
};

const WRITES: readonly CrashOperation[] = [
  { name: 'set of a new key', key: 'new', run: (cache) => cache.setSync('new', OTHER) },
  { name: 'set of many new keys', run: setMany },
  { name: 'set in place', run: set },
  { name: 'set of another size', run: resize },
  { name: 'set of a large value in place', run: resizeAndSet },
  { name: 'set of an object', run: (cache) => cache.setSync('victim', { shape: 'new' }) },
  { name: 'add', key: 'new', run: (cache) => cache.addSync('new', LARGE) },
  { name: 'delete', run: (cache) => cache.deleteSync('victim') },
  { name: 'incr', key: 'number', mayLose: false, run: count },
  { name: 'touch', mayLose: false, run: (cache) => cache.touchSync('victim', '1h') },
  { name: 'incrVersion of several keys', run: moveAll },
  { name: 'set with extras', run: store(OTHER) },
  { name: 'set with extras, of another size', run: store(LARGE) },
  { name: 'incr of an entry with extras', key: 'extras', mayLose: false, run: (cache) => cache.incrSync('extras') },
  { name: 'renew', key: 'extras', mayLose: false, run: renew('extras') },
  { name: 'renew of an entry without extras', run: renew('victim') },
  { name: 'deleteTag', clears: ['tagged'], run: deleteTag },
  { name: 'takeLease', run: takeLease },
  { name: 'clear', clears: ['plain', 'p', 'pp', 'long', 'tagged'], run: (cache) => cache.clearSync() },
  { name: 'clear of a prefix', clears: ['p'], run: clearOf(GROUPS.p) },
  { name: 'clear of a long prefix', clears: ['long'], isGradual: true, run: clearOf(GROUPS.long) },
  { name: 'first use of a prefix', run: (_, location) => clearOf('unheard-of')(_, location) },
];

/** Repairs: what they begin with, and that they may die, too. */
const REPAIRS: readonly CrashOperation[] = [
  { name: 'repair of an overwritten entry', after: ['set in place', 'ShardMemory.open in shard #overwrite'], run: set },
  {
    name: 'repair of a large overwritten entry',
    after: ['set of a large value in place', 'Buffer.copy.half in shard #write'],
    run: resizeAndSet,
  },
  {
    name: 'repair of an entry that moves',
    after: ['set of another size', 'ShardMemory.open in shard #publish'],
    run: resize,
  },
  {
    name: 'repair of an unpublished record',
    after: ['set of another size', 'Ring.advance in shard #publish'],
    run: resize,
  },
  {
    name: 'repair of a count',
    key: 'number',
    mayLose: false,
    after: ['incr', 'ShardMemory.open in shard increase'],
    run: count,
  },
  {
    name: 'repair of a sum',
    key: 'number',
    mayLose: false,
    after: ['incr', 'ShardMemory.sumUp in shard-memory bind'],
    run: count,
  },
  {
    name: 'repair of a renewal',
    key: 'extras',
    mayLose: false,
    after: ['renew', 'ShardMemory.open in shard renew'],
    run: renew('extras'),
  },
  {
    name: 'deleteTag after half of one',
    after: ['deleteTag', 'Atomics.add in tag-table delete'],
    clears: ['tagged'],
    run: deleteTag,
  },
  { name: 'takeLease of a dead owner', after: ['takeLease', 'Atomics.compareExchange in leases take'], run: takeLease },
  {
    name: 'repair of a clear',
    after: ['clear of a prefix', 'Atomics.store in changing-header #storePrefix'],
    clears: ['p'],
    run: clearOf(GROUPS.p),
  },
  {
    name: 'reset of a shard',
    after: ['set in place', 'ShardMemory.open in shard #overwrite'],
    isDamaged: true,
    run: set,
  },
];

const OPENINGS: readonly CrashOperation[] = [
  { name: 'creation', opens: 'nothing', run: look },
  { name: 'opening', opens: 'what is there', run: look },
  {
    name: 'opening after a crash',
    opens: 'what is there',
    after: ['set in place', 'ShardMemory.open in shard #overwrite'],
    run: look,
  },
  {
    name: 'opening after a crash in a clear',
    opens: 'what is there',
    after: ['clear of a prefix', 'Atomics.store in changing-header #storePrefix'],
    clears: ['p'],
    run: look,
  },
  {
    name: 'opening after half of a deleteTag',
    opens: 'what is there',
    after: ['deleteTag', 'Atomics.add in tag-table delete'],
    clears: ['tagged'],
    run: look,
  },
  { name: 'opening of a damaged segment', opens: 'what is damaged', run: look },
];

export const OPERATIONS: readonly CrashOperation[] = [...WRITES, ...REPAIRS, ...OPENINGS];

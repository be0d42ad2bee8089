/** Damages one segment again and again, each time from the same good state, opens it, and tells if anything is wrong. */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { SegmentError, type SharedCache } from 'locmem';
import { PrimitiveCache } from '../shared/primitive-cache.js';

const [location, seedText, runs, milliseconds] = process.argv.slice(2) as [string, string, string, string];
const OPTIONS = { location, maxBytes: '128kb', ttl: null, nearEntries: 10 } as const;
const KEYS = 150;
const PAGE = 4096;
const SECTOR = 512;

/** Marsaglia's xorshift: a run that found something can be repeated by its seed. */
let state = Number(seedText) | 1;
function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

function valueAt(i: number): unknown {
  const kinds = [
    i,
    `text ${i}`.repeat(1 + (i % 9)),
    { n: i, list: [i, null] },
    Buffer.from(`bytes ${i}`),
    `ä${i}`,
    new Map([[i, i]]),
  ];
  return kinds[i % kinds.length];
}

/** The good state: entries, some written twice, some with extras, some deleted, by tags, too, some of a prefix that was cleared. */
function prepare(): Buffer {
  const cache = new PrimitiveCache(OPTIONS);
  const cleared = new PrimitiveCache({ ...OPTIONS, keyPrefix: 'gone' });
  for (let i = 0; i < KEYS; i++) {
    cache.setSync(`key:${i}`, `older ${i}`.repeat(1 + (i % 5)));
    cleared.setSync(`key:${i}`, 'cleared');
    cache.setSync(`deleted:${i}`, 'deleted');
    cache.store(`tagged:${i}`, 'deleted', Number.POSITIVE_INFINITY, { tags: [`odd:${i % 2}`, `tag:${i}`] });
  }
  cleared.clearSync();
  for (let i = 0; i < KEYS; i++) {
    cache.deleteSync(`deleted:${i}`);
    if (i % 3 > 0) cache.setSync(`key:${i}`, valueAt(i));
    else cache.store(`key:${i}`, valueAt(i), 1e9, { staleFor: 1000 * i, loadTime: i, tags: ['kept', `also:${i}`] });
    cache.deleteTagsSync(['odd:0', `tag:${i}`]);
  }
  cache.deleteTagSync('odd:1');
  cache.lease('key:1');
  cache.closeSync();
  cleared.closeSync();
  return readFileSync(location);
}

const DAMAGES: Record<string, (bytes: Buffer) => void> = {
  'one bit': (bytes) => flip(bytes, 1),
  'many bits': (bytes) => flip(bytes, 200),
  'a page of zeros': (bytes) => bytes.fill(0, ...span(bytes, PAGE)),
  'a sector of zeros': (bytes) => bytes.fill(0, ...span(bytes, SECTOR)),
  'swapped pages': (bytes) => swap(bytes, PAGE),
  'swapped sectors': (bytes) => swap(bytes, SECTOR),
  garbage: (bytes) => {
    const [from, to] = span(bytes, 1 + random(3 * PAGE));
    for (let i = from; i < to; i++) bytes[i] = random(256);
  },
  'garbage beyond the header': (bytes) => {
    for (let i = 0; i < 300; i++) bytes[PAGE + random(bytes.length - PAGE)] = random(256);
  },
  'the header’s lock, and what it guards': (bytes) => {
    // Words 32, and 48 to 52: clears, prefixes in use, the dictionary's length, and the sum.
    for (const word of [32, 48 + random(5), 48 + random(5)]) bytes.writeInt32LE(random(2 ** 32) | 0, 4 * word);
  },
  'the lock of a shard, and its log’s ends': (bytes) => {
    const shardBytes = Math.floor((bytes.length - 16_384) / 4 / 128) * 128;
    const shard = 16_384 + random(4) * shardBytes;
    for (const word of [0, 18 + random(12), 18 + random(12)]) {
      bytes.writeInt32LE(random(2) ? random(2 ** 32) | 0 : random(4000), shard + 4 * word);
    }
  },
  'bits of the logs’ ends': (bytes) => {
    // The words of the shards' headers that say where the logs begin and end.
    const shardBytes = Math.floor((bytes.length - 16_384) / 4 / 128) * 128;
    bytes[16_384 + random(4) * shardBytes + 4 * 16 + random(4 * 20)]! ^= 1 << random(8);
  },
};

function flip(bytes: Buffer, times: number): void {
  for (let i = 0; i < times; i++) bytes[random(bytes.length)]! ^= 1 << random(8);
}

function span(bytes: Buffer, length: number): [number, number] {
  const from = random(Math.floor(bytes.length / length)) * length;
  return [from, Math.min(bytes.length, from + length)];
}

function swap(bytes: Buffer, length: number): void {
  const [a] = span(bytes, length);
  const [b] = span(bytes, length);
  const copy = Buffer.from(bytes.subarray(a, a + length));
  bytes.copyWithin(a, b, b + length);
  copy.copy(bytes, b);
}

function put(bytes: Buffer, length = bytes.length): void {
  const fd = openSync(location, 'r+');
  writeSync(fd, bytes, 0, bytes.length, 0);
  ftruncateSync(fd, length);
  closeSync(fd);
}

function examine(): void {
  const open: PrimitiveCache[] = [];
  try {
    for (const keyPrefix of ['', 'gone']) open.push(new PrimitiveCache({ ...OPTIONS, keyPrefix }));
    use(open[0]!, open[1]!);
  } finally {
    // Or the next who opens it would not be alone, and believe what was damaged meanwhile.
    for (const cache of open) cache.closeSync();
  }
}

function use(cache: PrimitiveCache, cleared: PrimitiveCache): void {
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < KEYS; i++) {
      expect(cache, `key:${i}`, valueAt(i));
      expect(cache, `deleted:${i}`, undefined);
      expect(cache, `tagged:${i}`, undefined);
      expectExtras(cache, i);
      expect(cleared, `key:${i}`, undefined);
    }
    // Enough to make the logs come round, over whatever stands there.
    for (let i = 0; i < 300; i++) {
      const value = `${i}`.repeat(1 + random(100));
      cache.setSync(`new:${i}`, value);
      if (cache.getSync(`new:${i}`) !== value) throw new Error(`new:${i} is not what was set`);
    }
  }
  cache.setSync('number', 1);
  if (cache.incrSync('number') !== 2) throw new Error('incr');
  cache.renewSync('key:3', 1000, 1000);
  cache.renewSync('key:4', 1000, 1000);
  cache.store('stored', 'after', 1e9, { tags: ['kept'] });
  if (cache.getSync('stored') !== 'after') throw new Error('what was stored with a tag is lost');
  cache.deleteTagSync('kept');
  for (const key of ['stored', 'key:0', 'key:3', 'key:6']) expect(cache, key, undefined);
  for (let i = 0; i < 10; i++) cache.lease(`key:${i}`)?.release();
  cache.touchSync('key:1', 1000);
  cache.deleteSync('key:2');
  cache.statsSync();
  cleared.clearSync();
  cache.clearSync();
  for (let i = 0; i < KEYS; i++) for (const key of [`key:${i}`, `new:${i}`, 'number']) expect(cache, key, undefined);
}

/** What a record was stored with is read from its bytes, and no more to be trusted than these. */
function expectExtras(cache: PrimitiveCache, i: number): void {
  const found = cache.recallSync(`key:${i}`);
  if (found === undefined) return;
  const { value, loadTime, tags } = found;
  const expected = i % 3 > 0 ? [valueAt(i), 0, []] : [valueAt(i), i, ['kept', `also:${i}`]];
  if (!isDeepStrictEqual([value, loadTime, tags], expected)) throw new Error(`key:${i} has other extras`);
}

function expect(cache: SharedCache, key: string, value: unknown): void {
  const found = cache.getSync(key);
  if (found !== undefined && !isDeepStrictEqual(found, value)) {
    throw new Error(`${key} is ${JSON.stringify(found).slice(0, 100)}`);
  }
}

const good = prepare();
const end = Date.now() + Number(milliseconds);
let refused = 0;
for (let run = 0; run < Number(runs) || Date.now() < end; run++) {
  const names = Object.keys(DAMAGES);
  const name = names[run % names.length]!;
  const seed = state;
  const bytes = Buffer.from(good);
  DAMAGES[name]!(bytes);
  put(bytes);
  process.send!({ run: `${name}, seed ${seed}` });
  try {
    examine();
  } catch (error) {
    if (error instanceof SegmentError) refused++;
    else process.send!({ wrong: `${name}, seed ${seed}: ${(error as Error).stack}` });
  }
}
process.send!({ done: true, refused }, () => process.disconnect());

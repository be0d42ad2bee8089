/**
 * Writes a sequence to many keys, and after each says so by a count in the same cache; or reads, and checks. The same
 * with a tag that is deleted after each write.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { PrimitiveCache } from '../shared/primitive-cache.js';

const [role, location, milliseconds] = (isMainThread ? process.argv.slice(2) : workerData) as [string, string, string];
const KEYS = 20;
const cache = new PrimitiveCache({ location, maxBytes: '4mb', nearEntries: 100, ttl: null });
const end = Date.now() + Number(milliseconds);
let checks = 0;
let stale = 0;
let misses = 0;

function write(from: number): void {
  for (let n = from; n < from + 1000; n++) {
    cache.setSync(`key:${n % KEYS}`, n % 2 === 0 ? n : { n });
    cache.setSync('written', n);
  }
  if (Date.now() < end) setImmediate(write, from + 1000);
  else finish();
}

function read(): void {
  for (let i = 0; i < 1000; i++) {
    const written = cache.getSync<number>('written') ?? 0;
    const value = cache.getSync<number | { n: number }>(`key:${written % KEYS}`);
    checks++;
    // Missing is not older: whoever writes it anew has lost the processor in the middle, and is not waited for.
    if (value === undefined) misses += written === 0 ? 0 : 1;
    else if ((typeof value === 'object' ? value.n : value) < written) stale++;
  }
  if (Date.now() < end) setImmediate(read);
  else finish();
}

function writeAndDelete(from: number): void {
  for (let n = from; n < from + 200; n++) {
    cache.store('tagged', { n }, Number.POSITIVE_INFINITY, { tags: ['other', 'tag'] });
    for (let read = 0; read < 4; read++) if (cache.getSync<{ n: number }>('tagged')?.n !== n) misses++;
    cache.removeTagsSync('tag');
    cache.setSync('deleted', n);
    checks++;
  }
  if (Date.now() < end) setImmediate(writeAndDelete, from + 200);
  else finish();
}

function readDeleted(): void {
  for (let i = 0; i < 1000; i++) {
    const deleted = cache.getSync<number>('deleted') ?? 0;
    const value = cache.getSync<{ n: number }>('tagged');
    checks++;
    if (value !== undefined && value.n <= deleted) stale++;
  }
  if (Date.now() < end) setImmediate(readDeleted);
  else finish();
}

function finish(): void {
  const report = { checks, stale, misses };
  if (isMainThread) process.send!(report, () => process.disconnect());
  else parentPort!.postMessage(report);
  cache.closeSync();
}

const ROLES: Record<string, () => void> = {
  writer: () => write(1),
  reader: read,
  'writer of tags': () => writeAndDelete(1),
  'reader of tags': readDeleted,
};
ROLES[role]!();

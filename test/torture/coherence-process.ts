/** Writes a sequence to many keys, and after each says so by a count in the same cache; or reads, and checks. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { SharedCache } from 'locmem';

const [role, location, milliseconds] = (isMainThread ? process.argv.slice(2) : workerData) as [string, string, string];
const KEYS = 20;
const cache = new SharedCache({ location, maxBytes: '4mb', nearEntries: 100, ttl: null });
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

function finish(): void {
  const report = { checks, stale, misses };
  if (isMainThread) process.send!(report, () => process.disconnect());
  else parentPort!.postMessage(report);
  cache.closeSync();
}

if (role === 'writer') write(1);
else read();

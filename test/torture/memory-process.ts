/** Stores a million entries in 32 MB, in rounds, and after each says what it has of memory and of handles. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { getActiveResourcesInfo } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SharedCache } from 'locmem';

/** What a process has. Bytes, but for the numbers of open files, handles and mappings. */
export interface Holding {
  readonly fileBytes: number;
  /** What is reachable, on and off the heap. */
  readonly reachable: number;
  /** Memory of the process alone, the segment not among it: also what native code holds. */
  readonly own: number;
  readonly files: number;
  readonly handles: number;
  readonly mappings: number;
}

const [location] = process.argv.slice(2) as [string];
const ROUNDS = 10;
const SETS = 100_000;
const OPTIONS = { location, maxBytes: '32mb', ttl: null } as const;
const cache = new SharedCache(OPTIONS);

/** Keys that are never seen again, and some that are; all kinds of values; near hits, misses, and caches that come and go. */
function round(first: number): void {
  for (let i = first; i < first + SETS; i++) {
    const key = i % 4 === 0 ? `often:${i % 2000}` : `key:${i}`;
    if (i % 5 === 0) cache.setSync(key, { n: i, text: 'x'.repeat(i % 200) });
    else cache.setSync(key, 'x'.repeat(i % 300));
    if (i % 3 === 0) cache.getSync(`often:${i % 2000}`);
    if (i % 1000 === 0) new SharedCache({ ...OPTIONS, keyPrefix: `p${i % 7}` }).closeSync();
  }
}

function holding(): Holding {
  for (let i = 0; i < 3; i++) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  const [, ownKilobytes] = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  return {
    fileBytes: statSync(location).size,
    reachable: heapUsed + external,
    own: Number(ownKilobytes) * 1024,
    files: readdirSync('/proc/self/fd').length,
    handles: getActiveResourcesInfo().length,
    mappings: readFileSync('/proc/self/maps', 'utf8').split(location).length - 1,
  };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const holdings: Holding[] = [];
for (let i = 0; i < ROUNDS; i++) {
  round(i * SETS);
  holdings.push(holding());
}
const { sets, evictions } = cache.statsSync();
process.send!({ holdings, sets, evictions }, () => process.disconnect());
cache.closeSync();

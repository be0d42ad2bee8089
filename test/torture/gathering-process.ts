/**
 * Starts some of those who share a cache: workers of a cluster, a process with threads, or one that has no parent any
 * more. They know the location, and nothing of each other.
 */
import { spawn } from 'node:child_process';
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { isMainThread, threadId, Worker } from 'node:worker_threads';
import { SharedCache } from 'locmem';

export type Role = 'cluster' | 'threads' | 'orphan' | 'program';

/** What each leaves in the cache when it has done its part. */
export interface Note {
  readonly role: string;
  readonly pid: number;
  readonly parent: number;
  readonly thread: number;
  /** How many, itself among them, it has met. */
  readonly met: number;
}

export const COUNTS = 2000;
/** Whoever is left alone goes home. */
const MOST_LOOKS = 20_000;

const [location, size, role] = process.argv.slice(2) as [string, string, Role];
const file = fileURLToPath(import.meta.url);
const self = { pid: process.pid, parent: process.ppid, thread: threadId };

/** Comes, waits until all are there, counts beside the others, and leaves a note. Whoever is the first makes the counters. */
function takePart(name: string): void {
  const cache = new SharedCache({ location, maxBytes: '1mb', ttl: null });
  for (const counter of ['came', 'here', 'count', 'done']) cache.addSync(counter, 0);
  const number = cache.incrSync('came');
  cache.setSync(`hello:${number}`, { role: name });
  cache.incrSync('here');
  let looks = 0;
  const look = () => {
    if (++looks > MOST_LOOKS) process.exit(1);
    if (cache.getSync<number>('here')! < Number(size)) return void setTimeout(look, 2);
    for (let i = 0; i < COUNTS; i++) cache.incrSync('count');
    const { size: met } = cache.getManySync(Array.from({ length: Number(size) }, (_, i) => `hello:${i + 1}`));
    cache.setSync(`note:${number}`, { role: name, ...self, met } satisfies Note);
    cache.incrSync('done');
    cache.closeSync();
    if (cluster.isWorker) process.disconnect();
  };
  look();
}

if (location !== undefined) {
  if (role === 'orphan') {
    const args = [file, location, size, 'program'];
    spawn(process.execPath, args, { detached: true, stdio: 'ignore' }).once('spawn', () => process.exit());
  } else if (role === 'cluster' && cluster.isPrimary) {
    for (let i = 0; i < 2; i++) cluster.fork();
  } else {
    if (role === 'threads' && isMainThread)
      for (let i = 0; i < 2; i++) new Worker(file, { argv: [location, size, role] });
    takePart(isMainThread ? role : 'thread');
  }
}

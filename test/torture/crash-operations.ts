import type { SharedCache } from 'locmem';

/** What a process does when it dies. `key` is what may be lost by it; where it counts or prolongs, nothing may. */
export interface CrashOperation {
  readonly name: string;
  readonly key: string;
  readonly mayLose: boolean;
  run(cache: SharedCache): void;
}

export const SMALL = 'v'.repeat(100);
export const OTHER = 'w'.repeat(100);
export const LARGE = 'x'.repeat(3000);

/** Each on a segment of 128 kb that is full, so that whatever is written has to make room. */
export const OPERATIONS: readonly CrashOperation[] = [
  { name: 'set of a new key', key: 'new', mayLose: true, run: (cache) => cache.setSync('new', OTHER) },
  { name: 'set in place', key: 'victim', mayLose: true, run: (cache) => cache.setSync('victim', OTHER) },
  { name: 'set of another size', key: 'victim', mayLose: true, run: (cache) => cache.setSync('victim', LARGE) },
  { name: 'set of an object', key: 'victim', mayLose: true, run: (cache) => cache.setSync('victim', { shape: 'new' }) },
  { name: 'add', key: 'new', mayLose: true, run: (cache) => cache.addSync('new', LARGE) },
  { name: 'delete', key: 'victim', mayLose: true, run: (cache) => cache.deleteSync('victim') },
  { name: 'incr', key: 'number', mayLose: false, run: (cache) => cache.incrSync('number') },
  { name: 'touch', key: 'victim', mayLose: false, run: (cache) => cache.touchSync('victim', '1h') },
  { name: 'incrVersion', key: 'victim', mayLose: true, run: (cache) => cache.incrVersionSync('victim') },
];

/** Reads some keys whenever it is its turn, twice, so that the second look may be into the near cache; in the end says what it saw. */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheOptions } from 'locmem';

/** What was read at one moment, as JSON, by key. */
export type Sight = Record<string, (string | undefined)[]>;

const { turn, keys, options } = workerData as { turn: Int32Array; keys: string[]; options: SharedCacheOptions };
const cache = new SharedCache(options);
const sights: Sight[] = [];
const look = (key: string) => JSON.stringify(cache.getSync(key));

parentPort!.postMessage('ready');
for (;;) {
  Atomics.wait(turn, 0, 0);
  if (Atomics.load(turn, 0) === 2) break;
  sights.push(Object.fromEntries(keys.map((key) => [key, [look(key), look(key), look(key)]])));
  Atomics.store(turn, 0, 0);
  Atomics.notify(turn, 0);
}
parentPort!.postMessage(sights);
cache.closeSync();

/** Calls at random on a few keys, as a process or as a thread, and tells what came of each. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { KeyNotFoundError, SharedCache } from 'locmem';
import { type Call, KEYS } from './history.js';

const [location, writer, calls] = (isMainThread ? process.argv.slice(2) : workerData) as [string, string, string];
const cache = new SharedCache({ location, maxBytes: '4mb', nearEntries: 10, ttl: null, keyPrefix: 'p' });
const everything = new SharedCache({ location, maxBytes: '4mb', ttl: null });
let next = Number(writer) * 1_000_000;

function call(key: string): Call {
  const operations = ['get', 'get', 'get', 'set', 'set', 'add', 'delete', 'touch', 'incr', 'incr'] as const;
  const operation = key === '' ? 'clear' : operations[Math.floor(Math.random() * operations.length)]!;
  next += 1000;
  const value = next;
  const start = process.hrtime.bigint();
  const result = perform(operation, key, value);
  return { start, end: process.hrtime.bigint(), operation, value, result };
}

function perform(operation: Call['operation'], key: string, value: number): Call['result'] {
  switch (operation) {
    case 'get':
      return cache.getSync<number>(key) ?? null;
    case 'set':
      cache.setSync(key, value);
      return null;
    case 'add':
      return cache.addSync(key, value);
    case 'delete':
      return cache.deleteSync(key);
    case 'touch':
      return cache.touchSync(key, '1h');
    case 'clear':
      if (value % 2000 === 0) cache.clearSync();
      else everything.clearSync();
      return null;
    case 'incr':
      try {
        return cache.incrSync(key);
      } catch (error) {
        if (error instanceof KeyNotFoundError) return null;
        throw error;
      }
  }
}

function run(): void {
  const history: [string, Call][] = [];
  for (let i = 0; i < Number(calls); i++) {
    const key = i % 100 === 99 ? '' : KEYS[Math.floor(Math.random() * KEYS.length)]!;
    history.push([key, call(key)]);
  }
  if (isMainThread) process.send!(history, () => process.disconnect());
  else parentPort!.postMessage(history);
  cache.closeSync();
  everything.closeSync();
}

// All begin together.
if (isMainThread) process.once('message', run);
else parentPort!.once('message', run);
if (isMainThread) process.send!('ready');
else parentPort!.postMessage('ready');

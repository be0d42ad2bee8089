/** Takes the lease of each key that it is told, and says whether it has it; or lets go of it. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import type { Lease } from '#dist/core/entry-extras.js';
import { PrimitiveCache } from '../shared/primitive-cache.js';

const location = isMainThread ? process.argv[2]! : (workerData as string);
const cache = new PrimitiveCache({ location, maxBytes: '128kb' });
const leases = new Map<string, Lease>();

function answer([what, key]: [what: string, key: string]): void {
  let said: unknown = 'done';
  if (what === 'take') {
    const lease = cache.lease(key);
    if (lease != null) leases.set(key, lease);
    said = lease != null;
  } else if (what === 'release') void leases.get(key)!.release();
  else cache.closeSync();
  say(said);
}

function say(what: unknown): void {
  if (isMainThread) process.send!(what);
  else parentPort!.postMessage(what);
}

if (isMainThread) process.on('message', answer);
else parentPort!.on('message', answer);
say('ready');

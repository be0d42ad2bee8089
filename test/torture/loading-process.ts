/** Loads a key whenever it is told to, by a factory that says when it runs; with a name that hangs, it never comes back. */
import { setTimeout } from 'node:timers/promises';
import { SharedCache } from 'locmem';

const cache = new SharedCache({ location: process.argv[2]!, maxBytes: '1mb', ttl: null });

async function load(key: string): Promise<void> {
  let runs = 0;
  const factory = async () => {
    runs++;
    if (key.startsWith('hangs') && !cache.hasSync('may go on')) {
      process.send!('hanging');
      await new Promise(() => {});
    }
    await setTimeout(5);
    return { by: process.pid };
  };
  // Several callers here, too.
  const loads = Array.from({ length: 5 }, () => cache.getOrSet(key, factory, { lockTimeout: '10m', tags: ['loaded'] }));
  const values = await Promise.all(loads);
  process.send!({ runs, values });
}

process.on('message', (key: string) => void load(key));
// A promise alone keeps no process alive.
setInterval(() => {}, 60_000);
process.send!('ready');

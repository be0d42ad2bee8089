/** Takes leases of a few keys as fast as it can, and says when it had one that another had, too. */
import { PrimitiveCache } from '../shared/primitive-cache.js';

const [location, milliseconds] = process.argv.slice(2) as [string, string];
const KEYS = 3;
const cache = new PrimitiveCache({ location, maxBytes: '128kb', ttl: null, nearEntries: 0 });
const end = Date.now() + Number(milliseconds);
let taken = 0;
let shared = 0;
let n = 0;

function race(): void {
  for (let i = 0; i < 500; i++) {
    const key = `key:${n++ % KEYS}`;
    const lease = cache.lease(key);
    if (lease == null) continue;
    taken++;
    // One alone may be here: what it writes stays.
    cache.setSync(key, process.pid);
    for (let look = 0; look < 20; look++) if (cache.getSync(key) !== process.pid) shared++;
    void lease.release();
  }
  process.send!({ taken, shared });
  if (Date.now() < end) setImmediate(race);
  else process.disconnect();
}

race();

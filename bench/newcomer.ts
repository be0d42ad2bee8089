import { createRequire } from 'node:module';
import { SharedCache } from 'locmem';

/** A fresh process that comes to a segment: tells how long it took from opening it to the first hit, and ends. */
const [location = '', maxBytes, key = '', start] = process.argv.slice(2);
if (start === 'warm') createRequire(import.meta.url)('koffi');
const begun = performance.now();
const cache = new SharedCache({ location, maxBytes: Number(maxBytes), ttl: null });
const value = cache.getSync(key);
const milliseconds = performance.now() - begun;
process.send?.({ milliseconds, value });
process.disconnect();

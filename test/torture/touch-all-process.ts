/** Writes to every shard: waits for whoever holds one. */
import { SharedCache } from 'locmem';

const cache = new SharedCache({ location: process.argv[2]!, maxBytes: '1mb' });
for (let i = 0; i < 100; i++) cache.setSync(`all:${i}`, i);
cache.closeSync();
process.send!('done', () => process.disconnect());

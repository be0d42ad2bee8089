/** Waits for a flag to change, five times, in a loop that does nothing else: no engine may take what it reads for the same. */
import { SharedCache } from 'locmem';

const cache = new SharedCache({ location: process.argv[2]!, maxBytes: '1mb' });

function look(last: number): void {
  while (cache.getSync('flag') === last);
}

for (let flag = 0; flag < 5; flag++) {
  cache.getSync('flag');
  cache.getSync('flag');
  process.send!('looking');
  look(flag);
}
cache.closeSync();
process.disconnect();

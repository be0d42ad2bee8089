/** Stops itself (SIGSTOP) in the middle of a write, while it holds the lock of a shard. */
import { SharedCache } from 'locmem';
import { Ring } from '#dist/shared/ring.js';

const cache = new SharedCache({ location: process.argv[2]!, maxBytes: '1mb' });
const { advance } = Ring.prototype;
Ring.prototype.advance = function (unit) {
  Ring.prototype.advance = advance;
  process.send!('stopping', () => {});
  process.kill(process.pid, 'SIGSTOP');
  advance.call(this, unit);
};
cache.setSync('victim', 'y'.repeat(Number(process.argv[3] ?? 500)));
process.send!('done');
process.disconnect();

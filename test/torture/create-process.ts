/**
 * Opens a location where there is nothing yet. Told so, it dies or stops on the way: before what was reserved is linked
 * into place, before it removes its own temporary name, or before it looks for those that the dead left behind.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { SharedCache } from 'locmem';

type Fate = 'dies before linking' | 'stops before unlinking' | 'stops before looking around';

const [location, fate] = process.argv.slice(2) as [string, Fate?];
if (fate === 'dies before linking') fs.linkSync = () => process.kill(process.pid, 'SIGKILL');
if (fate === 'stops before unlinking') fs.unlinkSync = stopsBefore(fs.unlinkSync);
if (fate === 'stops before looking around') fs.readdirSync = stopsBefore(fs.readdirSync as never);
syncBuiltinESMExports();

function stopsBefore<A extends unknown[], R>(call: (...args: A) => R): never {
  let isFirst = true;
  return ((...args: A) => {
    if (isFirst) {
      isFirst = false;
      process.send!('stopped', () => {});
      process.kill(process.pid, 'SIGSTOP');
    }
    return call(...args);
  }) as never;
}

process.once('message', () => {
  const cache = new SharedCache({ location, maxBytes: '1mb' });
  const isFirst = cache.addSync('first', process.pid);
  process.send!({ isFirst, creation: cache.getSync('first') }, () => process.disconnect());
  cache.closeSync();
});
process.send!('ready');

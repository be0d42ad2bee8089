/** Opens a location where there is nothing yet; told so, dies between reserving the space and linking it into place. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { SharedCache } from 'locmem';

const [location, dies] = process.argv.slice(2) as [string, string?];
if (dies !== undefined) {
  fs.linkSync = () => process.kill(process.pid, 'SIGKILL');
  syncBuiltinESMExports();
}
process.once('message', () => {
  const cache = new SharedCache({ location, maxBytes: '1mb' });
  const isFirst = cache.addSync('first', process.pid);
  process.send!({ isFirst, creation: cache.getSync('first') }, () => process.disconnect());
  cache.closeSync();
});
process.send!('ready');

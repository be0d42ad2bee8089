/**
 * What `import 'locmem'` costs a bundle, minified and gzipped, with its dependencies, without the clients of servers.
 * Raise it knowingly: 14,800 was LocMemCache alone, 35,500 with SharedCache, 58,500 with the caches on servers,
 * 75,700 with loading, 79,300 with events, 82,400 in files of one idea each, which have imports and constructors of their own.
 */
const BUDGET_BYTES = 83_500;

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const { outputFiles } = await build({
  entryPoints: ['dist/index.js'],
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  platform: 'node',
  // Clients that are loaded only when a cache needs them, if they are there at all.
  external: Object.keys(peerDependencies),
});
const size = gzipSync(outputFiles[0].contents, { level: 9 }).byteLength;
const verdict = size > BUDGET_BYTES ? 'over' : 'within';
console.log(`Size of the core entry: ${size} bytes minified and gzipped, ${verdict} the budget of ${BUDGET_BYTES}.`);
if (size > BUDGET_BYTES) process.exitCode = 1;

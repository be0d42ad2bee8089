/**
 * Tests SharedCache on every version of Node that it is for, and with all of them on one segment at once. npm has their
 * binaries, about 150 MB each, as packages without scripts: they are kept apart from what `npm ci` installs.
 * `npm run test:versions -- 20 24` takes those alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

const DEFAULT_VERSIONS = ['20', '22', '24', '26'];
const PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const CACHE = resolve('node_modules', '.cache', 'node-versions');
/** What differs between versions: engine, strings, buffers, the structured clone, and what koffi finds. */
const ALONE = [
  'conformance/shared.test.js',
  'shared/near-cache.test.js',
  'torture/coherence.test.js',
  'torture/kill-under-load.test.js',
  'torture/torn-reads.test.js',
  'torture/values.test.js',
];
/** Here the processes of a test are of all versions, in turn. */
const TOGETHER = [
  'torture/node-versions.test.js',
  'torture/coherence.test.js',
  'torture/gathering.test.js',
  'torture/kill-under-load.test.js',
  'torture/linearizability.test.js',
  'torture/values.test.js',
];

/** @returns the path of the binary; `undefined` where there is none for this machine. */
function install(version) {
  const folder = join(CACHE, version);
  const binary = join(folder, 'node_modules', PACKAGE, 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const options = [
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ];
    spawnSync('npm', ['install', '--prefix', folder, ...options, `${PACKAGE}@${version}`], { stdio: 'ignore' });
  }
  const { stdout, status } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  return status === 0 && stdout.startsWith(`v${version}.`) ? { binary, version: stdout.trim() } : undefined;
}

function test(title, node, files, env = {}) {
  console.log(`\n${title}`);
  const paths = files.map((file) => join('build', 'test', file));
  const options = { stdio: 'inherit', env: { ...process.env, ...env } };
  return spawnSync(node, ['--test', '--test-reporter=dot', ...paths], options).status === 0;
}

const versions = process.argv.length > 2 ? process.argv.slice(2) : DEFAULT_VERSIONS;
const odd = versions.find((version) => !/^\d+$/.test(version));
if (odd !== undefined) {
  console.error(`A version is a number such as 22; got '${odd}'. Usage: npm run test:versions -- [major…]`);
  process.exit(1);
}
const found = [];
let isGood = true;
for (const version of versions) {
  const node = install(version);
  if (node !== undefined) found.push(node);
  else {
    console.log(`Skipped: npm has no Node ${version} for this machine (${PACKAGE}@${version}).`);
    if (process.env.CI) isGood = false;
  }
}
for (const { binary, version } of found) isGood = test(`Node ${version}`, binary, ALONE) && isGood;
if (found.length > 1) {
  const title = `${found.map(({ version }) => version).join(', ')} on one segment at once`;
  const env = { NODE_BINARIES: found.map(({ binary }) => binary).join(delimiter) };
  isGood = test(title, process.execPath, TOGETHER, env) && isGood;
}
console.log(isGood ? '\nAll of them passed.' : '\nSomething failed, or was missing.');
process.exitCode = isGood ? 0 : 1;

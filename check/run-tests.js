/**
 * Runs every built test, against servers of its own: it installs them where it may. `node --test` takes a glob only from
 * Node 21 on, and a folder only before it.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installServers } from './install-servers.js';
import { LeftOut } from './left-out.js';

/** Far longer than any file of tests takes: one that hangs is a failure with a name, and the others are run. */
const LIMIT_MS = 20 * 60_000;
const folder = 'build/test';
const files = readdirSync(folder, { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  .map((file) => join(folder, file));
if (files.length === 0) {
  console.error(`There are no built tests in ${folder}.`);
  process.exit(1);
}
installServers();
const leftOut = new LeftOut();
const options = ['--test', '--test-reporter=spec', `--test-timeout=${LIMIT_MS}`];
const { status } = spawnSync(process.execPath, [...options, ...process.argv.slice(2), ...files], {
  stdio: 'inherit',
  env: { ...process.env, ...leftOut.env },
});
process.exitCode = leftOut.tell() ? (status ?? 1) : 1;

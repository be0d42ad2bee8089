/** Runs every built test: `node --test` takes a glob only from Node 21 on, and a folder only before it. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = 'build/test';
const files = readdirSync(folder, { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  .map((file) => join(folder, file));
if (files.length === 0) {
  console.error(`There are no built tests in ${folder}.`);
  process.exit(1);
}
const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', ...process.argv.slice(2), ...files], {
  stdio: 'inherit',
});
process.exitCode = status ?? 1;

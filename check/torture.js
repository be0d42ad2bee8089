/**
 * The long form of the torture tests: `npm run torture -- --minutes n`. Its files run one after the other, so that none is
 * in another's way; each takes its share of the time.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const USAGE = 'Usage: npm run torture -- --minutes n (from 1 to 10000; default 10)';
const MOST_MINUTES = 10_000;
const folder = 'build/test/torture';

/** @returns the minutes asked for; `undefined` if that cannot be told. */
function readMinutes() {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
    const minutes = /^\d+(\.\d+)?$/.test(values.minutes) ? Number(values.minutes) : Number.NaN;
    if (minutes >= 1 && minutes <= MOST_MINUTES) return minutes;
    console.error(`--minutes is a number from 1 to ${MOST_MINUTES}; got '${values.minutes}'. ${USAGE}`);
  } catch (error) {
    console.error(`${error.message.split('\n')[0].replace(/\.? To specify.*/, '.')} ${USAGE}`);
  }
}

function torture(minutes) {
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.js'));
  if (files.length === 0) {
    console.error(`There are no built tests in ${folder}. npm run build makes them.`);
    return 1;
  }
  console.log(
    `${files.length} files of torture tests run by the clock for ${minutes} minutes in all; the rest takes one more.`,
  );
  const env = { ...process.env, TORTURE_MINUTES: String(minutes) };
  const start = Date.now();
  const failed = [];
  for (const name of files) {
    const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=spec', join(folder, name)], {
      stdio: 'inherit',
      env,
    });
    if (status !== 0) failed.push(name);
    console.log(`${name}: ${((Date.now() - start) / 60_000).toFixed(1)} minutes are over.\n`);
  }
  console.log(failed.length === 0 ? 'All of them passed.' : `Failed: ${failed.join(', ')}.`);
  return failed.length === 0 ? 0 : 1;
}

const minutes = readMinutes();
process.exitCode = minutes === undefined ? 1 : torture(minutes);

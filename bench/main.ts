import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Results } from './contract.js';
import { FULL, QUICK } from './effort.js';
import { Grounds } from './grounds.js';
import { type Options, readOptions, UsageError } from './options.js';
import { report } from './report.js';
import { measure } from './rounds.js';
import { scenarios } from './scenarios/all.js';

/** From build/bench back to the source tree. */
const RESULTS = fileURLToPath(new URL('../../bench/RESULTS.md', import.meta.url));

/** Runs the scenarios and prints the report; a full run of all of them is also written to bench/RESULTS.md. */
async function bench({ quick, only }: Options): Promise<void> {
  const start = performance.now();
  const effort = quick ? QUICK : FULL;
  const run = new Map<string, Results>();
  const grounds = await Grounds.open();
  try {
    for (const scenario of scenarios) {
      if (only !== null && !only.has(scenario.name)) continue;
      const began = performance.now();
      process.stderr.write(`${scenario.name} ... `);
      run.set(scenario.name, await measure(scenario, effort, quick, grounds));
      process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1)} s\n`);
    }
  } finally {
    grounds.close();
  }
  const page = report(run, effort, (performance.now() - start) / 1000, new Date());
  process.stdout.write(page);
  if (quick || only !== null) return;
  writeFileSync(RESULTS, page);
  process.stderr.write('written to bench/RESULTS.md\n');
}

try {
  const names = scenarios.map((scenario) => scenario.name);
  await bench(readOptions(process.argv.slice(2), names));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

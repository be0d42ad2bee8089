import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Arguments, parseArguments, USAGE } from './arguments.js';
import { checkAgainst } from './check.js';
import { InputError } from './input-error.js';
import { drawPicture } from './picture.js';
import type { Point } from './point.js';
import { policies } from './policies.js';
import type { Trace } from './replay.js';
import { formatTable } from './table.js';
import { type Reference, readReferences, readTrace, traceNames } from './trace-files.js';
import { generate, workloads } from './workloads.js';

/** Cache sizes for a trace without reference points, as parts of its unique keys. */
const FRACTIONS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/** Runs the simulator and returns its exit code: 0, 1 for a failed check, 2 for bad input. */
function simulate(args: string[]): number {
  const options = parseArguments(args);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const references = options.traces === undefined ? new Map<string, Reference[]>() : readReferences(options.traces);
  const points = [...readTraces(options)].flatMap((trace) => {
    const sizes = options.sizes ?? references.get(trace.name)?.map(({ size }) => size) ?? fractionsOf(trace.keys);
    return sizes.map((size) => replayAll(trace, size, options));
  });
  console.log(formatTable(points, options.policies));
  writePicture(options.out, drawPicture(points, options.policies));
  console.log(`\npicture: ${options.out}`);
  return options.check ? reportCheck(references, points) : 0;
}

/** One trace at a time, for a trace can be large. */
function* readTraces({ traces, seed }: Arguments): Generator<Trace, void> {
  if (traces === undefined) for (const name of Object.keys(workloads)) yield generate(name, seed);
  else for (const name of traceNames(traces)) yield readTrace(traces, name);
}

function fractionsOf(keys: number): number[] {
  return [...new Set(FRACTIONS.map((fraction) => Math.max(1, Math.round(fraction * keys))))];
}

function replayAll(trace: Trace, size: number, options: Arguments): Point {
  const ratios = Object.fromEntries(options.policies.map((name) => [name, policies[name](trace, size, options.seed)]));
  return { trace: trace.name, size, ratios };
}

function writePicture(file: string, svg: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, svg);
  } catch (error) {
    throw new InputError(`cannot write ${file}: ${(error as Error).message}`);
  }
}

function reportCheck(references: ReadonlyMap<string, Reference[]>, points: readonly Point[]): number {
  const { compared, mismatches } = checkAgainst(references, points);
  for (const mismatch of mismatches) console.log(mismatch);
  console.log(`check: ${compared - mismatches.length} of ${compared} figures agree with results.csv`);
  return mismatches.length === 0 && compared > 0 ? 0 : 1;
}

try {
  process.exitCode = simulate(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`simulate: ${error.message}`);
  process.exitCode = 2;
}

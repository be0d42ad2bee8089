import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE_ROOT = dirname(fileURLToPath(import.meta.resolve('locmem/package.json')));
/** A child that does not end by itself is a failed test. */
const LIMIT = 20_000;

export interface ProgramResult {
  readonly stdout: string;
  readonly stderr: string;
  /** What ended it: 0, another code, or the signal of the time limit. */
  readonly exit: number | string | undefined;
}

/** Runs `source`, an ES module that may import 'locmem', in a Node process of its own, to its end. */
export function runProgram(source: string, env: NodeJS.ProcessEnv = {}): Promise<ProgramResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', source],
      { cwd: PACKAGE_ROOT, env: { PATH: process.env.PATH, ...env }, timeout: LIMIT },
      (error, stdout, stderr) =>
        resolve({ stdout, stderr, exit: error ? (error.signal ?? error.code ?? undefined) : 0 }),
    );
  });
}

/** How often `text` stands in `all`. */
export function occurrences(all: string, text: string): number {
  return all.split(text).length - 1;
}

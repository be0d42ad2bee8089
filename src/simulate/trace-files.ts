import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { InputError } from './input-error.js';
import type { Trace } from './replay.js';

const SUFFIX = '.u32.gz';

/** One line of results.csv: the hit ratios in percent that reference implementations had, by column. */
export interface Reference {
  readonly size: number;
  readonly ratios: Readonly<Record<string, number>>;
}

/** The names of the traces in a directory of NAME.u32.gz files. */
export function traceNames(directory: string): string[] {
  let files: string[];
  try {
    files = readdirSync(directory);
  } catch (error) {
    throw new InputError(`cannot read the traces in ${directory}: ${(error as Error).message}`);
  }
  const names = files.filter((file) => file.endsWith(SUFFIX)).map((file) => file.slice(0, -SUFFIX.length));
  if (names.length === 0) throw new InputError(`no ${SUFFIX} files in ${directory}`);
  return names.sort();
}

/** Reads one trace: gzip of little-endian unsigned 32-bit ids, numbered from 0 by first appearance. */
export function readTrace(directory: string, name: string): Trace {
  const file = join(directory, name + SUFFIX);
  let bytes: Buffer;
  try {
    bytes = gunzipSync(readFileSync(file));
  } catch (error) {
    throw new InputError(`cannot read ${file}: ${(error as Error).message}`);
  }
  if (bytes.length % 4 !== 0) throw new InputError(`${file} does not hold whole 32-bit ids`);
  const accesses = new Uint32Array(bytes.length / 4);
  let keys = 0;
  for (let at = 0; at < accesses.length; at++) {
    const id = bytes.readUInt32LE(4 * at);
    if (id > keys) throw new InputError(`${file}: access ${at} is id ${id}, but at most ${keys} may come next`);
    if (id === keys) keys++;
    accesses[at] = id;
  }
  return { name, accesses, keys };
}

/** Reads results.csv, where there is one: the reference points of each trace. */
export function readReferences(directory: string): Map<string, Reference[]> {
  const references = new Map<string, Reference[]>();
  const file = join(directory, 'results.csv');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return references;
    throw new InputError(`cannot read ${file}: ${(error as Error).message}`);
  }
  const [heading, ...lines] = text.trim().split(/\r?\n/);
  const columns = heading.split(',').slice(2);
  for (const [index, line] of lines.entries()) {
    const [trace, size, ...cells] = line.split(',');
    const numbers = [size, ...cells].map(Number);
    if (cells.length !== columns.length || numbers.some(Number.isNaN)) {
      throw new InputError(`${file}: line ${index + 2} is not a trace, a size and ${columns.length} hit ratios`);
    }
    const ratios = Object.fromEntries(columns.map((column, at) => [column, numbers[at + 1]]));
    const points = references.get(trace) ?? [];
    points.push({ size: numbers[0], ratios });
    references.set(trace, points);
  }
  return references;
}

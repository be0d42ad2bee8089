import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The long form's time, in minutes; `undefined` within `npm test`. */
const MINUTES = process.env.TORTURE_MINUTES === undefined ? undefined : Number(process.env.TORTURE_MINUTES);

export const IS_LONG = MINUTES !== undefined;

/** What each of the tests that run by the clock takes of the long form's time. All of it together, as they run in turn. */
const SHARES = {
  'crash points': 0.24,
  'kills under load, large': 0.14,
  'kills under load, small': 0.14,
  histories: 0.12,
  fuzz: 0.12,
  coherence: 0.1,
  'torn reads': 0.1,
  threads: 0.04,
} as const;

/** How long a test may run, in ms: its share of the long form's time, or what it takes within `npm test`. */
export function timeOf(test: keyof typeof SHARES, short: number): number {
  return MINUTES === undefined ? short : MINUTES * 60_000 * SHARES[test];
}

/** A path where no segment is yet, in a folder that is gone when the process ends. */
export function freshLocation(): string {
  folder ??= makeFolder();
  return join(folder, `${++count}.cache`);
}

let folder: string | undefined;
let count = 0;

function makeFolder(): string {
  const made = mkdtempSync(join(tmpdir(), 'locmem-torture-'));
  // Not after a test: the others of its file go on to use it.
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A test that fails leaves none behind, not even a stopped one. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const one of running) one.kill('SIGKILL');
});

/** Where there are several versions of Node to be tried together: their paths, of which each child takes the next. */
export const NODES = process.env.NODE_BINARIES?.split(delimiter) ?? [];
let nextNode = 0;

function someNode(): string {
  return NODES.length === 0 ? process.execPath : NODES[nextNode++ % NODES.length]!;
}

/** A process of its own that runs a built program of this folder. */
export class Child {
  readonly #process;
  readonly #ending: Promise<number | string>;

  constructor(program: string, ...args: string[]) {
    const options = { serialization: 'advanced', execPath: someNode() } as const;
    this.#process = fork(fileURLToPath(new URL(program, import.meta.url)), args, options);
    running.add(this.#process);
    this.#ending = once(this.#process, 'exit').then(([code, signal]) => {
      running.delete(this.#process);
      return signal ?? code;
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  send(message: unknown): void {
    this.#process.send(message as object);
  }

  /** What it says next; if it ends without a word, what ended it. */
  async next(): Promise<unknown> {
    const ended = this.#ending.then((ending) => ({ ended: ending }));
    return Promise.race([once(this.#process, 'message').then(([message]) => message), ended]);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#process.on('message', listener);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  /** What ended it: 0, another code, or a signal. */
  async end(): Promise<number | string> {
    return this.#ending;
  }
}

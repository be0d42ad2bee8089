import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

/** How long the tests that run by the clock may take: short within `npm test`, longer on demand. */
export const MILLISECONDS = Number(process.env.TORTURE_MINUTES ?? 0) * 60_000 || 3000;

export const IS_LONG = process.env.TORTURE_MINUTES !== undefined;

/** A path where no segment is yet, in a folder that is gone after the tests of the file. */
export function freshLocation(): string {
  folder ??= makeFolder();
  return join(folder, `${++count}.cache`);
}

let folder: string | undefined;
let count = 0;

function makeFolder(): string {
  const made = mkdtempSync(join(tmpdir(), 'locmem-torture-'));
  after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A process of its own that runs a built program of this folder. */
export class Child {
  readonly #process;

  constructor(program: string, ...args: string[]) {
    this.#process = fork(fileURLToPath(new URL(program, import.meta.url)), args, { serialization: 'advanced' });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  send(message: unknown): void {
    this.#process.send(message as object);
  }

  /** What it says next; if it ends without a word, what ended it. */
  async next(): Promise<unknown> {
    const ended = once(this.#process, 'exit').then(([code, signal]) => ({ ended: signal ?? code }));
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
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return signalCode ?? exitCode!;
    const [code, signal] = await once(this.#process, 'exit');
    return signal ?? code;
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Measured } from './figures.js';

/** What the service tells the load process, once. */
export interface LoadOrder {
  readonly origin: string;
  /** By their ids; the first is the one without a cache. */
  readonly modes: readonly string[];
  /** When the comparison should be over, in milliseconds since 1970; after that, the load is a light one. */
  readonly until: number;
}

/** What the load process tells the service. */
export type LoadMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'measured'; readonly measured: Measured }
  | { readonly kind: 'finished' };

/** The load, in a process of its own: `load-process.ts` says why. */
export class Load {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #ready: Promise<void>;
  #stopped = false;

  /** Starts the process; it sends nothing yet. */
  constructor() {
    this.#child = fork(new URL('load-process.js', import.meta.url));
    this.#exited = once(this.#child, 'exit');
    this.#ready = this.#until('ready');
    // Who waits for it hears of a failure; who stops before that need not.
    this.#ready.catch(() => {});
  }

  /**
   * Compares the modes, and then goes on with a light load. Resolves when the comparison is finished, or stopped.
   *
   * @throws Error if the process ends before that.
   */
  async compare(order: LoadOrder, onMeasured: (measured: Measured) => void): Promise<void> {
    await this.#ready;
    if (this.#stopped) return;
    this.#child.on('message', (message: LoadMessage) => {
      if (message.kind === 'measured' && !this.#stopped) onMeasured(message.measured);
    });
    const finished = this.#until('finished');
    this.#child.send(order);
    await finished;
  }

  /** Ends the process; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    // It holds nothing that would need to be put away.
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #until(kind: LoadMessage['kind']): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (message: LoadMessage) => {
        if (message.kind === kind) resolve();
      });
      this.#exited.then(() => {
        if (this.#stopped) resolve();
        else reject(new Error('The process that makes the load ended before its time.'));
      }, reject);
    });
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Lap, Measured } from './figures.js';

/** What the load process is told to do, one thing after the other. */
export type LoadOrder =
  /** Compares the modes until then, in milliseconds since 1970. The laps that it ends with are of the second half. */
  | {
      readonly kind: 'compare';
      readonly origin: string;
      /** By their ids; the first is the one without a cache. */
      readonly modes: readonly string[];
      /** How many requests are under way at once. */
      readonly clients: number;
      readonly until: number;
    }
  /** Goes on with the modes that have a cache, for so long; kills the worker in the midst of the mode's requests. */
  | { readonly kind: 'kill'; readonly pid: number; readonly amidst: string; readonly ms: number }
  /** All workers are new: sends these modes as many requests, the same to each; and then goes on with a light load. */
  | { readonly kind: 'restarted'; readonly requests: number }
  /** Beside the light load: keeps all clients busy with these modes, for so long each. */
  | { readonly kind: 'goOn'; readonly modes: readonly string[]; readonly ms: number };

/** What the load process tells. */
export type LoadMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'measured'; readonly measured: Measured }
  /** An order was carried out; of each mode, what was counted. */
  | { readonly kind: 'done'; readonly laps: readonly Lap[] };

/** The load, in a process of its own: `load-process.ts` says why. */
export class Load {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #ready: Promise<unknown>;
  #stopped = false;

  /** Starts the process; it sends nothing yet. */
  constructor(onMeasured: (measured: Measured) => void) {
    this.#child = fork(new URL('load-process.js', import.meta.url));
    this.#exited = once(this.#child, 'exit');
    this.#child.on('message', (message: LoadMessage) => {
      if (message.kind === 'measured' && !this.#stopped) onMeasured(message.measured);
    });
    this.#ready = this.#next('ready');
    // Who waits for it hears of a failure; who stops before that need not.
    this.#ready.catch(() => {});
  }

  /**
   * Resolves when the order was carried out, or with nothing when the load was stopped.
   *
   * @throws Error if the process ends before that.
   */
  async carryOut(order: LoadOrder): Promise<readonly Lap[]> {
    await this.#ready;
    if (this.#stopped) return [];
    const done = this.#next('done');
    this.#child.send(order);
    const message = await done;
    return message?.kind === 'done' ? message.laps : [];
  }

  /** Ends the process; resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    // It holds nothing that would need to be put away.
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** The next message of a kind; nothing if the load is stopped before it comes. */
  #next(kind: LoadMessage['kind']): Promise<LoadMessage | undefined> {
    return new Promise((resolve, reject) => {
      const listen = (message: LoadMessage) => {
        if (message.kind !== kind) return;
        this.#child.off('message', listen);
        resolve(message);
      };
      this.#child.on('message', listen);
      this.#exited.then(() => {
        if (this.#stopped) resolve(undefined);
        else reject(new Error('The process that makes the load ended before its time.'));
      }, reject);
    });
  }
}

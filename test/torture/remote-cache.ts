import type { SharedCacheOptions } from 'locmem';
import type { PrimitiveCache } from '../shared/primitive-cache.js';
import { Child } from './shared-place.js';

type Method = Extract<keyof PrimitiveCache, `${string}Sync`>;

export interface Question {
  readonly method: Method | 'advance';
  readonly args: readonly unknown[];
}

export interface Answer {
  readonly result?: unknown;
  readonly error?: string;
}

/** A cache that another process has open, and whose methods are called there. */
export class RemoteCache {
  readonly #child: Child;

  private constructor(options: SharedCacheOptions) {
    this.#child = new Child('./remote-cache-process.js', JSON.stringify(options));
  }

  static async open(options: SharedCacheOptions): Promise<RemoteCache> {
    const remote = new RemoteCache(options);
    const said = await remote.#child.next();
    if (said !== 'open') throw new Error(`A cache cannot be opened elsewhere: ${JSON.stringify(said)}`);
    return remote;
  }

  async call<T = unknown>(method: Method, ...args: unknown[]): Promise<T> {
    return (await this.#ask({ method, args })) as T;
  }

  /** Lets time pass there, in ms. */
  async advance(milliseconds: number): Promise<void> {
    await this.#ask({ method: 'advance', args: [milliseconds] });
  }

  async #ask(question: Question): Promise<unknown> {
    const said = this.#child.next();
    this.#child.send(question);
    const { result, error } = (await said) as Answer;
    if (error !== undefined) throw new Error(`${question.method}: ${error}`);
    return result;
  }

  /** Ends the process, in the middle of whatever it may do. */
  async kill(): Promise<void> {
    this.#child.signal('SIGKILL');
    await this.#child.end();
  }
}

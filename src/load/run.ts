import type { LoadContext } from '../core/cache.js';
import { LoadTimeoutError } from '../core/errors.js';
import { unlessAborted } from './leaving.js';

/** One run of a factory: how long it is waited for and by how many, and how it learns that nobody does any more. */
export class Run {
  /** Whether the factory's synchronous part is running: who asks for the key now is the factory itself. */
  isStarting = true;
  readonly context: LoadContext = new Context(this);
  #waiting = 0;
  /** Whether the factory is done. */
  #isDone = false;
  /** Whether nobody waits any more, or may. What the factory makes may still be stored. */
  #isGivenUp = false;
  #reason: unknown;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Made when it is first asked for: it takes as long as the rest of a run. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isGivenUp) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** One more waits for the answer; with a signal, until that is aborted. */
  wait<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    this.#waiting++;
    if (signal === undefined) return answer;
    return unlessAborted(answer, signal, () => {
      if (--this.#waiting === 0) this.#giveUp(signal.reason);
    });
  }

  /** What the run comes to; a LoadTimeoutError if the factory is not done in time. @param what as the error calls it. */
  within<T>(timeout: number, outcome: Promise<T>, what: string): Promise<T> {
    if (timeout === Number.POSITIVE_INFINITY || this.#isDone) return outcome;
    const late = new Promise<never>((_, reject) => {
      this.#timer = setTimeout(() => {
        const error = new LoadTimeoutError(
          `${what} took longer than the timeout, ${timeout} ms. Allow it more, or find out why it hangs.`,
        );
        reject(error);
        this.#giveUp(error);
      }, timeout).unref();
    });
    return Promise.race([outcome, late]);
  }

  /** The factory is done, or has failed. */
  done(): void {
    this.#isDone = true;
    clearTimeout(this.#timer);
  }

  #giveUp(reason: unknown): void {
    if (this.#isDone || this.#isGivenUp) return;
    this.#isGivenUp = true;
    this.#reason = reason;
    clearTimeout(this.#timer);
    this.#controller?.abort(reason);
  }
}

class Context implements LoadContext {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }
}

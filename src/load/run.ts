import { type LoadEvent, load } from '../core/diagnostics.js';
import type { Lease } from '../core/entry-extras.js';
import { LoadTimeoutError } from '../core/errors.js';
import { unlessAborted } from './leaving.js';
import { RunContext } from './load-context.js';

/** One run of a factory: how long it is waited for and by how many, and how it learns that nobody does any more. */
export class Run {
  /** Whether the factory's synchronous part is running: who asks for the key now is the factory itself. */
  isStarting = true;
  readonly context = new RunContext(this);
  /** What is told of this run, where somebody listens. */
  event: LoadEvent | undefined;
  #waiting = 0;
  /** Whether the factory is done. */
  #isDone = false;
  /** Whether nobody waits any more, or may. What the factory makes may still be stored. */
  #isGivenUp = false;
  #reason: unknown;
  #controller: AbortController | undefined;
  /** Whether the factory has begun. Until then the run may have to wait for another process. */
  #isUnderWay = false;
  #timeout = Number.POSITIVE_INFINITY;
  #timeOut: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lease: Lease | undefined;

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

  /** The factory was called, and has returned: from now on it takes its time. */
  begun(): void {
    this.isStarting = false;
    this.#isUnderWay = true;
    this.#startTimer();
  }

  /** What the run comes to; a LoadTimeoutError if the factory is not done in time. @param what as the error calls it. */
  within<T>(timeout: number, outcome: Promise<T>, what: string): Promise<T> {
    if (timeout === Number.POSITIVE_INFINITY || this.#isDone) return outcome;
    const late = new Promise<never>((_, reject) => {
      this.#timeOut = () => {
        const error = new LoadTimeoutError(
          `${what} took longer than the timeout, ${timeout} ms. Allow it more, or find out why it hangs.`,
        );
        reject(error);
        this.#tell(error);
        this.#giveUp(error);
      };
    });
    this.#timeout = timeout;
    this.#startTimer();
    return Promise.race([outcome, late]);
  }

  /** The factory is done, or has failed. */
  done(): void {
    this.#isDone = true;
    clearTimeout(this.#timer);
  }

  /** The lease of this run, to be given back when it is over. */
  hold(lease: Lease): void {
    this.#lease = lease;
  }

  /** Lets other processes run. A lease that cannot be given back ends by itself. */
  letGo(): void {
    const lease = this.#lease;
    if (lease === undefined) return;
    this.#lease = undefined;
    release(lease);
  }

  /** The factory goes on, but who waited is told that it failed. */
  #tell(error: Error): void {
    if (this.event === undefined) return;
    this.event.error = error;
    load.error.publish(this.event);
  }

  #startTimer(): void {
    if (!this.#isUnderWay || this.#isDone || this.#timeOut === undefined) return;
    this.#timer = setTimeout(this.#timeOut, this.#timeout).unref();
  }

  #giveUp(reason: unknown): void {
    if (this.#isDone || this.#isGivenUp) return;
    this.#isGivenUp = true;
    this.#reason = reason;
    clearTimeout(this.#timer);
    this.letGo();
    this.#controller?.abort(reason);
  }
}

/** Gives it back; nobody waits for that, or learns that it failed. */
function release(lease: Lease): void {
  try {
    lease.release()?.catch(() => {});
  } catch {}
}

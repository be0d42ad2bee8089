import { performance } from 'node:perf_hooks';

/**
 * Something that has to happen before a moment. In a list of its kind, the oldest first.
 *
 * Not an object literal: of those the engine learns, in a burst of calls, that they live long, puts them where only a full
 * collection looks, and from then on all that they lead to ends up there, too.
 */
class Waiting {
  readonly due: number;
  expire: (() => void) | undefined;
  before: Waiting | undefined;
  after: Waiting | undefined = undefined;

  constructor(due: number, expire: () => void, before: Waiting | undefined) {
    this.due = due;
    this.expire = expire;
    this.before = before;
  }
}

/** What is waited for; {@link Deadlines.met} takes it back. */
export type Deadline = Waiting;

/**
 * Deadlines that are all equally far away, so that the first to begin is the first to end: one timer serves all, and
 * fires once in that time however many there are. (A timer for each costs as much as a pipelined command.)
 *
 * While something is waited for the program stays alive; no longer.
 */
export class Deadlines {
  readonly #milliseconds: number;
  #oldest: Waiting | undefined;
  #youngest: Waiting | undefined;
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  /**
   * A program that was busy, or had no processor, comes late to its timers, and to the answers that have long arrived:
   * they are taken in first.
   */
  readonly #look = (): void => void setImmediate(this.#expire);
  readonly #expire = (): void => this.#expireDue();

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  /** How many are waited for. */
  get count(): number {
    return this.#count;
  }

  /** Calls `expire` in time, unless the deadline is met before. */
  begin(expire: () => void): Deadline {
    const before = this.#youngest;
    const waiting = new Waiting(performance.now() + this.#milliseconds, expire, before);
    if (before === undefined) this.#oldest = waiting;
    else before.after = waiting;
    this.#youngest = waiting;
    if (this.#count++ === 0) this.#arm();
    return waiting;
  }

  met(waiting: Deadline): void {
    const { before, after } = waiting;
    if (before === undefined && this.#oldest !== waiting) return;
    if (before === undefined) this.#oldest = after;
    else before.after = after;
    if (after === undefined) this.#youngest = before;
    else after.before = before;
    waiting.before = undefined;
    waiting.after = undefined;
    waiting.expire = undefined;
    if (--this.#count === 0) this.#timer?.unref();
  }

  /** Lets go of the timer. Nobody may be waiting any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** A timer that is still running will look at the oldest when it fires. */
  #arm(): void {
    if (this.#timer === undefined) this.#timer = setTimeout(this.#look, this.#milliseconds);
    else this.#timer.ref();
  }

  #expireDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    // A timer may fire a fraction of a millisecond early.
    while (this.#oldest !== undefined && this.#oldest.due - now < 1) {
      const { expire } = this.#oldest;
      this.met(this.#oldest);
      expire?.();
    }
    if (this.#oldest !== undefined) this.#timer = setTimeout(this.#look, this.#oldest.due - now);
  }
}

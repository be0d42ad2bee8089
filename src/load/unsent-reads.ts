import type { Address } from '../core/engine.js';
import type { Watch } from './watched-reads.js';

/**
 * Reads that a cache is about to send to its server: each a microtask after it was asked for, when the code that runs now
 * has come to its end. Who asks for an entry before shares the read of it, which so begins after he has asked: what another
 * process had written by then he sees, as with a read of his own.
 *
 * What is sent is shared with nobody. The server may have answered before another process wrote, which may have told of it
 * since who asks now. Nor is a read shared that was overruled: its watch is another one.
 */
export class UnsentReads<T> {
  readonly ask: (at: Address) => Promise<T>;
  readonly copier: (answer: T) => () => T;

  /** @param copier makes, of an answer nobody has had yet, one for each further reader. */
  constructor(ask: (at: Address) => Promise<T>, copier: (answer: T) => () => T) {
    this.ask = ask;
    this.copier = copier;
  }

  /** The answer of the read that is about to be sent, for one more reader; `undefined` if there is none. */
  join(watch: Watch): Promise<T> | undefined {
    const { unsent } = watch;
    return unsent instanceof UnsentRead && unsent.kind === this ? unsent.join() : undefined;
  }

  /** A read that others may join until it is sent. */
  begin(watch: Watch): UnsentRead<T> {
    const read = new UnsentRead(this, watch);
    watch.unsent = read;
    return read;
  }
}

class UnsentRead<T> {
  readonly kind: UnsentReads<T>;
  readonly #watch: Watch;
  /** Made when the second reader comes: most reads have one. */
  #answers: Promise<() => T> | undefined;
  #resolve!: (answers: Promise<() => T>) => void;

  constructor(kind: UnsentReads<T>, watch: Watch) {
    this.kind = kind;
    this.#watch = watch;
  }

  async join(): Promise<T> {
    this.#answers ??= new Promise((resolve) => {
      this.#resolve = resolve;
    });
    return (await this.#answers)();
  }

  /** The answer for the first reader. Before he has it, it is out of his reach what the others get. */
  send(at: Address): Promise<T> {
    const { ask, copier } = this.kind;
    if (this.#watch.unsent === this) this.#watch.unsent = undefined;
    const answer = ask(at);
    if (this.#answers !== undefined) this.#resolve(answer.then(copier));
    return answer;
  }
}

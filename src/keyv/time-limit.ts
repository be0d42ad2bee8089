import { Deadlines } from '../core/deadlines.js';
import { CacheUnavailableError } from '../core/errors.js';

/** What an operation is told of its time. */
export interface Limit {
  /** Whether its time is over, and nobody waits for it any more. */
  isOver: boolean;
  /** Rejects when its time is over. */
  readonly over: Promise<never>;
}

/** Lets nobody wait for longer than so many milliseconds. What was asked for may still be done later: Keyv takes nothing back. */
export class TimeLimit {
  readonly #milliseconds: number;
  readonly #deadlines: Deadlines;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
    this.#deadlines = new Deadlines(milliseconds);
  }

  /** @throws CacheUnavailableError when the time is over. */
  async run<T>(operation: (limit: Limit) => Promise<T>): Promise<T> {
    let reject!: (error: Error) => void;
    const over = new Promise<never>((_, fail) => {
      reject = fail;
    });
    const limit = { isOver: false, over };
    const deadline = this.#deadlines.begin(() => {
      limit.isOver = true;
      reject(this.#late());
    });
    try {
      return await Promise.race([over, operation(limit)]);
    } finally {
      this.#deadlines.met(deadline);
    }
  }

  #late(): CacheUnavailableError {
    return new CacheUnavailableError(
      `The Keyv's store did not answer within ${this.#milliseconds} ms. Look to it, or raise commandTimeout.`,
    );
  }
}

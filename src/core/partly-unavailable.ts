import { CacheUnavailableError } from './errors.js';

/**
 * What an {@link Engine}'s call for many entries rejects with where some of its servers answered, and others did not. A
 * cache that fails open goes on with what was answered: a server that is down costs its own entries alone.
 */
export class PartlyUnavailableError extends CacheUnavailableError {
  // Private, as messages and errors are logged, and values are not to be.
  readonly #answered: unknown;

  /** @param failure of one of those that did not answer. @param answered the call's result without them. */
  constructor(failure: CacheUnavailableError, answered: unknown) {
    super(failure.message, { cause: failure.cause });
    this.#answered = answered;
  }

  get answered(): unknown {
    return this.#answered;
  }
}

/** What was asked of several servers. */
export interface Gathered<R> {
  /** In the order asked; `undefined` of those that did not answer. */
  readonly answers: (R | undefined)[];
  /** Why one of them did not; `undefined` if all did. */
  readonly failure: CacheUnavailableError | undefined;
}

/** Asks for all parts at once, and waits for each. @throws what is no want of an answer. */
export async function gather<P, R>(parts: Iterable<P>, ask: (part: P) => Promise<R>): Promise<Gathered<R>> {
  const results = await Promise.allSettled(Array.from(parts, ask));
  let failure: CacheUnavailableError | undefined;
  const answers = results.map((result) => {
    if (result.status === 'fulfilled') return result.value;
    if (!(result.reason instanceof CacheUnavailableError)) throw result.reason;
    failure ??= result.reason;
    return undefined;
  });
  return { answers, failure };
}

/** The result of a call for many entries. @throws PartlyUnavailableError with it, where not all were answered. */
export function whole<T>(result: T, failure: CacheUnavailableError | undefined): T {
  if (failure !== undefined) throw new PartlyUnavailableError(failure, result);
  return result;
}

/** What there is of an answer, and why that is not all: `undefined` if it is. */
export interface Answered<T> {
  readonly answer: T;
  readonly failure: CacheUnavailableError | undefined;
}

/** The opposite of {@link whole}: what was answered, and why that is not all. @param fallback where it is nothing; without one, the error is thrown. */
export async function answerOf<T>(asked: Promise<T>, fallback?: T): Promise<Answered<T>> {
  try {
    return { answer: await asked, failure: undefined };
  } catch (error) {
    if (error instanceof PartlyUnavailableError) return { answer: error.answered as T, failure: error };
    if (fallback === undefined || !(error instanceof CacheUnavailableError)) throw error;
    return { answer: fallback, failure: error };
  }
}

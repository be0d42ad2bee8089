import type { LoadTerms } from './load-terms.js';

/** What a load comes to; the stale value if it fails, or where it takes longer than the `staleTimeout`. */
export function orStale(
  answer: Promise<unknown>,
  stale: unknown,
  { staleTimeout, signal }: Pick<LoadTerms, 'staleTimeout' | 'signal'>,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // It keeps the program alive: somebody waits, and will have his answer.
    const timer = staleTimeout === Number.POSITIVE_INFINITY ? undefined : setTimeout(resolve, staleTimeout, stale);
    const failed = (error: unknown) => {
      clearTimeout(timer);
      // Who has left is told why, and nothing else.
      if (signal?.aborted) reject(error);
      else resolve(stale);
    };
    answer.then((value) => {
      clearTimeout(timer);
      resolve(value);
    }, failed);
  });
}

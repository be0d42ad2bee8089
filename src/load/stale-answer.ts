import type { LoadTerms } from './load-terms.js';

/**
 * What a load comes to; the stale value if it fails, or where it takes longer than the `staleTimeout`.
 *
 * @param served is told when the stale value is the answer.
 */
export function orStale(
  answer: Promise<unknown>,
  stale: unknown,
  { staleTimeout, signal }: Pick<LoadTerms, 'staleTimeout' | 'signal'>,
  served: (reason: 'staleTimeout' | 'staleIfError') => void,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    // It keeps the program alive: somebody waits, and will have his answer.
    let isServed = false;
    const serve = (reason: 'staleTimeout' | 'staleIfError') => {
      if (isServed) return;
      isServed = true;
      served(reason);
      resolve(stale);
    };
    const timer =
      staleTimeout === Number.POSITIVE_INFINITY ? undefined : setTimeout(serve, staleTimeout, 'staleTimeout');
    const failed = (error: unknown) => {
      clearTimeout(timer);
      // Who has left is told why, and nothing else.
      if (signal?.aborted) reject(error);
      else serve('staleIfError');
    };
    answer.then((value) => {
      clearTimeout(timer);
      resolve(value);
    }, failed);
  });
}

import type { Recalled } from '../core/entry-extras.js';

/**
 * Whether a live entry is to be made anew already: "XFetch" of Vattani et al., "Optimal Probabilistic Cache Stampede
 * Prevention", VLDB 2015. The time that is drawn from an exponential distribution grows with that of the load, so that of
 * many who ask, one on average begins in time, however many they are.
 */
export function isDueEarly({ left, loadTime }: Recalled, eagerness: number): boolean {
  // Most entries have longer to live than any chance can draw (ln 2^-53 = -36.7): they need no logarithm.
  const longest = 37 * loadTime * eagerness;
  if (left > longest || longest === 0) return false;
  return left <= -Math.log(Math.random()) * loadTime * eagerness;
}

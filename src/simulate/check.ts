import type { Point } from './point.js';
import type { Reference } from './trace-files.js';

/** Policies without chance, and their columns in results.csv: they have to agree with other implementations. */
const EXACT: Readonly<Record<string, string>> = { lru: 'lru', sieve: 'sieve', 's3-fifo': 's3fifo', opt: 'opt' };

/** The reference figures have two decimals; half of one more is lost to their rounding. */
const TOLERANCE = 0.01 + 1e-9;

export interface CheckResult {
  readonly compared: number;
  /** One line for each figure that disagrees. */
  readonly mismatches: string[];
}

/** Compares every figure for which there is a reference. */
export function checkAgainst(references: ReadonlyMap<string, Reference[]>, points: readonly Point[]): CheckResult {
  const mismatches: string[] = [];
  let compared = 0;
  for (const { trace, size, ratios } of points) {
    const reference = references.get(trace)?.find((point) => point.size === size);
    if (!reference) continue;
    for (const [policy, column] of Object.entries(EXACT)) {
      const expected = reference.ratios[column];
      if (expected === undefined || ratios[policy] === undefined) continue;
      compared++;
      if (Math.abs(ratios[policy] - expected) > TOLERANCE) {
        mismatches.push(`${trace} ${size} ${policy}: ${ratios[policy].toFixed(2)}, expected ${expected.toFixed(2)}`);
      }
    }
  }
  return { compared, mismatches };
}

/** One trace at one cache size: the hit ratio in percent of each policy that was asked for. */
export interface Point {
  readonly trace: string;
  readonly size: number;
  readonly ratios: Readonly<Record<string, number>>;
}

/** The mean of one policy over some points. */
export function meanRatio(points: readonly Point[], policy: string): number {
  return points.reduce((sum, { ratios }) => sum + ratios[policy], 0) / points.length;
}

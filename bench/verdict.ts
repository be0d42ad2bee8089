import type { Figure, Results } from './contract.js';
import { formatRatio } from './tables.js';

/** Results by the name of the scenario; those not run are missing. */
export type Run = ReadonlyMap<string, Results>;

export interface Verdict {
  readonly goal: string;
  readonly measured: string;
  readonly verdict: 'met' | 'missed' | 'not measured';
}

/** A peer, and locmem's figure divided by the peer's: below 1, locmem needs less. */
export interface Ratio {
  readonly peer: string;
  readonly ratio: number;
}

/** Met when the worst ratio is at most `limit`. */
export function atMost(limit: number, goal: string, ratios: readonly Ratio[]): Verdict {
  const worst = [...ratios].sort((a, b) => b.ratio - a.ratio);
  const first = worst[0];
  if (first === undefined) return { goal, measured: '', verdict: 'not measured' };
  const missed = worst.filter(({ ratio }) => ratio > limit);
  const shown = missed.length > 0 ? missed : [first];
  const measured = shown.map(({ peer, ratio }) => `${formatRatio(ratio)} × ${peer}`).join(', ');
  return { goal, measured, verdict: missed.length > 0 ? 'missed' : 'met' };
}

export function ratios(figures: ReadonlyMap<string, Figure>, own: string, peers: readonly string[]): Ratio[] {
  const mine = figures.get(own);
  if (mine === undefined) return [];
  return peers.flatMap((peer) => {
    const theirs = figures.get(peer);
    return theirs === undefined ? [] : [{ peer, ratio: mine.value / theirs.value }];
  });
}

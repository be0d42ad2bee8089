import type { Effort } from './contract.js';

/** The run whose figures are published: a few minutes. */
export const FULL: Effort = {
  rounds: 15,
  processes: 3,
  roundMs: 20,
  warmMs: 150,
  manyKeys: 100_000,
  heldEntries: [100_000, 1_000_000],
  pauseMs: 600,
  fleets: [1, 2, 4, 8],
  bursts: 5,
  burstMs: 100,
};

/** A look, under a minute: enough to see that everything runs, too short to quote. */
export const QUICK: Effort = {
  rounds: 3,
  processes: 1,
  roundMs: 8,
  warmMs: 25,
  manyKeys: 20_000,
  heldEntries: [50_000],
  pauseMs: 100,
  fleets: [1, 2],
  bursts: 1,
  burstMs: 40,
};

import type { Subject } from './subject.js';

/** The times of a subject's specifications, in milliseconds. */
export interface Times {
  /** How long before its end an entry is looked at, to be there. */
  readonly step: number;
  /** How long after its end it is looked at, to be gone. */
  readonly late: number;
  /** A second, or what stands for one where that is not well above the step. */
  readonly second: number;
}

/** What is left of a second after nine tenths of it is still several steps. */
const STEPS_IN_A_SECOND = 40;

export function timesOf({ capabilities: { ttlGranularity: step } }: Subject): Times {
  return { step, late: step === 1 ? 0 : step, second: Math.max(1000, STEPS_IN_A_SECOND * step) };
}

import type { Effort, Round } from './contract.js';

/** A loop to be timed. `run` answers a checksum, so that no call can be optimized away; `verify` judges it, untimed. */
export interface Work {
  /** Cache operations in one pass. */
  readonly operations: number;
  run(passes: number): number | Promise<number>;
  /** Throws when the contender gave a wrong answer. */
  verify(checksum: number, passes: number): void;
  /** Runs before each round, untimed. */
  before?(): void;
  /** A remark on the round just run. */
  note?(): string;
}

/** Warms `work` up, finds how many passes fill a round, and answers a function that times one round in ns/op. */
export async function timed(work: Work, effort: Effort): Promise<Round> {
  const passes = await calibrate(work, effort);
  return async () => {
    work.before?.();
    const start = performance.now();
    const checksum = await work.run(passes);
    const elapsed = performance.now() - start;
    work.verify(checksum, passes);
    const value = (elapsed * 1e6) / (passes * work.operations);
    return work.note === undefined ? { value } : { value, note: work.note() };
  };
}

async function calibrate(work: Work, effort: Effort): Promise<number> {
  const end = performance.now() + effort.warmMs;
  let fastest = Number.POSITIVE_INFINITY;
  let runs = 0;
  do {
    work.before?.();
    const start = performance.now();
    const checksum = await work.run(1);
    fastest = Math.min(fastest, performance.now() - start);
    work.verify(checksum, 1);
  } while (++runs < 3 || performance.now() < end);
  return Math.max(1, Math.round(effort.roundMs / Math.max(fastest, 0.001)));
}

/** Fails the benchmark when a contender's answers are not the right ones. */
export function expectSum(actual: number, expected: number, what: string): void {
  if (actual !== expected) throw new Error(`wrong answers: ${what} is ${actual}, not ${expected}`);
}

import type { Effort, Round } from './contract.js';

/** A loop to be timed. `run` answers a checksum, so that no call can be optimized away; `verify` judges it, untimed. */
export interface Work {
  /** Cache operations in one pass. */
  readonly operations: number;
  run(passes: number): number | Promise<number>;
  /** Throws when the contender gave a wrong answer. */
  verify(checksum: number, passes: number): void | Promise<void>;
  /** Runs before each round, untimed. */
  before?(): void;
  /** The loop waits for other processes or threads, so what the clock says counts, whatever it had of the processors. */
  readonly waits?: boolean;
  /** A remark on the round just run. */
  note?(): string;
}

/** Warms `work` up, finds how many passes fill a round, and answers a function that times one round in ns/op. */
export async function timed(work: Work, effort: Effort): Promise<Round> {
  const passes = await calibrate(work, effort);
  return async () => {
    work.before?.();
    const elapsed = stopwatch(work.waits);
    const checksum = await work.run(passes);
    const value = (elapsed() * 1e6) / (passes * work.operations);
    await work.verify(checksum, passes);
    return work.note === undefined ? { value } : { value, note: work.note() };
  };
}

async function calibrate(work: Work, effort: Effort): Promise<number> {
  const end = performance.now() + effort.warmMs;
  let fastest = Number.POSITIVE_INFINITY;
  let runs = 0;
  do {
    work.before?.();
    const elapsed = stopwatch(work.waits);
    const checksum = await work.run(1);
    fastest = Math.min(fastest, elapsed());
    await work.verify(checksum, 1);
  } while (++runs < 3 || performance.now() < end);
  return Math.max(1, Math.round(effort.roundMs / Math.max(fastest, 0.001)));
}

/**
 * Milliseconds of work: what the clock says, or what this process had of the processors where that is less. They differ
 * when others want the cores too, and the loop stands still meanwhile. Only Linux counts it finely enough.
 */
function stopwatch(waits = false): () => number {
  const start = performance.now();
  const usedBefore = process.cpuUsage();
  return () => {
    const elapsed = performance.now() - start;
    if (waits || process.platform !== 'linux') return elapsed;
    const { user, system } = process.cpuUsage(usedBefore);
    return Math.min(elapsed, (user + system) / 1000);
  };
}

/** Fails the benchmark when a contender's answers are not the right ones. */
export function expectSum(actual: number, expected: number, what: string): void {
  if (actual !== expected) throw new Error(`wrong answers: ${what} is ${actual}, not ${expected}`);
}

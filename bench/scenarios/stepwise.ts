import type { Work } from '../timing.js';

interface Steps {
  /** Places in the course, and how many of them are one step. */
  readonly length: number;
  readonly step: number;
  /** Whether `walk` answers promises. */
  readonly isAwaited: boolean;
  /** Does what is to be timed at the places `from <= i < to`; a checksum. */
  walk(from: number, to: number): number | Promise<number>;
  /** Judges the sum of the checksums; the places are those walked since the last time, in their order. */
  verify(sum: number, places: Iterable<number>): void | Promise<void>;
}

/**
 * A long course of operations, walked a step at a time: a pass is a step, and the next one goes on where it ended. So all
 * keys are met, however slow the contender is.
 */
export function stepwise({ length, step, isAwaited, walk, verify }: Steps): Work {
  const steps = Math.floor(length / step);
  let first = 0;
  let next = 0;
  const goOn = () => {
    const from = next * step;
    next = next + 1 < steps ? next + 1 : 0;
    return walk(from, from + step);
  };
  function* walked(passes: number): Iterable<number> {
    for (let pass = 0; pass < passes; pass++) {
      const from = ((first + pass) % steps) * step;
      for (let place = from; place < from + step; place++) yield place;
    }
  }
  const runAwaited = async (passes: number): Promise<number> => {
    first = next;
    let sum = 0;
    for (let pass = 0; pass < passes; pass++) sum += await goOn();
    return sum;
  };
  const run = (passes: number): number => {
    first = next;
    let sum = 0;
    for (let pass = 0; pass < passes; pass++) sum += goOn() as number;
    return sum;
  };
  return {
    operations: step,
    run: isAwaited ? runAwaited : run,
    verify: (sum, passes) => verify(sum, walked(passes)),
    waits: isAwaited,
  };
}

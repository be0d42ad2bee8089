import type { Address } from '../core/engine.js';
import type { NameQueues } from './name-queues.js';
import type { TimeLimit } from './time-limit.js';

/** Changes in their turn and in time, or not at all; behind one that hangs, the next has its turn when that one's time is over. */
export class Turns {
  readonly #queues: NameQueues;
  readonly #limit: TimeLimit;

  constructor(queues: NameQueues, limit: TimeLimit) {
    this.#queues = queues;
    this.#limit = limit;
  }

  /** The names' turn. */
  run<T>(ats: readonly Address[], change: () => Promise<T>): Promise<T> {
    const names = new Set(ats.map(({ name }) => name));
    return this.runNamed([...names], change);
  }

  /** @param names each once. */
  runNamed<T>(names: readonly string[], change: () => Promise<T>): Promise<T> {
    return this.#limit.run((limit) =>
      this.#queues.run(names, () => Promise.race(limit.isOver ? [limit.over] : [limit.over, change()])),
    );
  }
}

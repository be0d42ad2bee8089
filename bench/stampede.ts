import { setTimeout as sleep } from 'node:timers/promises';
import { makeRecord, type RecordValue } from './scenarios/record.js';

const ID = 7;

/** Makes one and the same object, in so many milliseconds of waiting, and counts how often it does. */
export class SlowFactory {
  runs = 0;
  /** Is called once, when a run has waited and before it answers. */
  onFirstEnd: (() => void) | undefined;
  readonly #milliseconds: number;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  async run(): Promise<RecordValue> {
    this.runs++;
    await sleep(this.#milliseconds);
    this.onFirstEnd?.();
    this.onFirstEnd = undefined;
    return makeRecord(ID);
  }
}

/** When the first of several callers asked, and when the last one had his answer: milliseconds of {@link clock}. */
export interface Stampede {
  readonly begun: number;
  readonly ended: number;
}

/** So many callers, all in one turn of the event loop, of a key that is not there. */
export async function onCold(call: (key: string) => Promise<unknown>, key: string, callers: number): Promise<Stampede> {
  const begun = clock();
  const answers = await Promise.all(Array.from({ length: callers }, () => call(key)));
  const ended = clock();
  for (const answer of answers) {
    if ((answer as RecordValue | undefined)?.id !== ID) throw new Error(`wrong answers: ${key} reads as ${answer}`);
  }
  return { begun, ended };
}

/** Milliseconds, on one clock for all processes of the machine. */
export function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

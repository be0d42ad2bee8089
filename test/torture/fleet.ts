import assert from 'node:assert/strict';
import type { Answer, Backend, Said } from './fleet-rounds.js';
import { Child } from './shared-place.js';

/** Far longer than the start of all takes on a busy machine, or a round in which a lease on a server ends by itself. */
const LIMIT_MS = 5 * 60_000;

/** What became of a member in a round: what it was told, or what ended it. */
export type Outcome = Answer | { readonly ended: number | string };

/** Processes that play rounds: the next begins when all have told what came of the last. */
export class Fleet {
  readonly #args: readonly string[];
  readonly #members: Child[] = [];
  #hear: (member: number, said: Said | Outcome) => void = () => {};

  private constructor(args: readonly string[]) {
    this.#args = args;
  }

  /** @param marks a folder, for the mark of each run. */
  static async start(size: number, backend: Backend, where: string, marks: string): Promise<Fleet> {
    const fleet = new Fleet([backend, where, marks]);
    try {
      await fleet.enlist(Array.from({ length: size }, (_, member) => member));
    } catch (error) {
      await fleet.kill();
      throw error;
    }
    return fleet;
  }

  /** Starts members, in the place of those that have ended. Resolves when they are there. */
  async enlist(members: readonly number[]): Promise<void> {
    const start = () => {
      for (const member of members) {
        const child = new Child('./fleet-process.js', ...this.#args, String(member));
        this.#members[member] = child;
        child.onMessage((said) => this.#hear(member, said as Said));
        void child.end().then((ended) => this.#hear(member, { ended }));
      }
    };
    const said = await this.#listen('the start', members, start);
    for (const [member, word] of said) assert.equal(word, 'ready', `process ${member}: ${JSON.stringify(word)}`);
  }

  /**
   * Plays a round; resolves to what became of each member.
   *
   * @param atFactory what becomes of a first run that waits until all have asked: it goes on, or is killed there.
   */
  async play(round: number, atFactory: 'goes on' | 'is killed'): Promise<ReadonlyMap<number, Said | Outcome>> {
    const everybody = [...this.#members.keys()];
    let asked = 0;
    let waiting: Child | undefined;
    const start = () => {
      for (const member of this.#members) member.send(round);
    };
    return this.#listen(`round ${round}`, everybody, start, (member, said, outcomes) => {
      if (said === 'waiting') waiting = this.#members[member];
      else if (said === 'asked') asked++;
      else return true;
      if (waiting === undefined || asked < everybody.length) return false;
      assert.deepEqual([...outcomes], [], `round ${round}: answers that no factory has made`);
      if (atFactory === 'is killed') waiting.signal('SIGKILL');
      else waiting.send('go on');
      return false;
    });
  }

  /** All go, of themselves. */
  async end(): Promise<void> {
    const goodbye = () => {
      for (const member of this.#members) member.send('end');
    };
    const outcomes = await this.#listen('the end', [...this.#members.keys()], goodbye);
    for (const [member, outcome] of outcomes) assert.deepEqual(outcome, { ended: 0 }, `the end of process ${member}`);
  }

  /** Leaves nobody behind. */
  async kill(): Promise<void> {
    for (const member of this.#members) member.signal('SIGKILL');
    await Promise.all(this.#members.map((member) => member.end()));
  }

  /** Begins something, and listens until each of `members` has said what `isOutcome`. */
  #listen(
    what: string,
    members: readonly number[],
    begin: () => void,
    isOutcome: (member: number, said: Said | Outcome, outcomes: ReadonlyMap<number, unknown>) => boolean = () => true,
  ): Promise<ReadonlyMap<number, Said | Outcome>> {
    return new Promise((resolve, reject) => {
      const outcomes = new Map<number, Said | Outcome>();
      const limit = setTimeout(() => {
        const missing = members.filter((member) => !outcomes.has(member));
        reject(new Error(`In ${what} nothing came of the processes ${missing.join(', ')}.`));
      }, LIMIT_MS);
      this.#hear = (member, said) => {
        try {
          if (!isOutcome(member, said, outcomes)) return;
          assert.ok(!outcomes.has(member), `${what}: process ${member} spoke again: ${JSON.stringify(said)}`);
          outcomes.set(member, said);
          if (outcomes.size < members.length) return;
          clearTimeout(limit);
          resolve(outcomes);
        } catch (error) {
          clearTimeout(limit);
          reject(error);
        }
      };
      begin();
    });
  }
}

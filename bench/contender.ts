import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Message } from './child.js';
import type { Cell, Figure, Scenario } from './contract.js';
import type { Grounds } from './grounds.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

/** One contender in a process of its own, which measures a round whenever it is asked to. */
export class Contender {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #label: string;

  private constructor(child: ChildProcess, folder: string, label: string) {
    this.#child = child;
    this.#folder = folder;
    this.#label = label;
  }

  /** Starts the process and waits until it is warm. */
  static async start(scenario: Scenario, cell: Cell, quick: boolean, grounds: Grounds): Promise<Contender> {
    const site = grounds.site();
    const effort = quick ? 'quick' : 'full';
    const args = [scenario.name, cell.table, cell.column, cell.contender, effort, JSON.stringify(site)];
    const child = fork(CHILD, args, { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const contender = new Contender(
      child,
      site.folder,
      `${scenario.name}, ${cell.contender}, ${cell.table}, ${cell.column}`,
    );
    try {
      await contender.#answer();
      return contender;
    } catch (error) {
      contender.stop();
      throw error;
    }
  }

  /** @throws Error when the contender gave a wrong answer or its process ended. */
  async round(): Promise<Figure> {
    const answer = this.#answer();
    this.#child.send('round');
    const message = await answer;
    if (!('figure' in message)) throw new Error(`${this.#label}: no figure came back`);
    return message.figure;
  }

  stop(): void {
    this.#child.removeAllListeners();
    this.#child.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #answer(): Promise<Message> {
    return new Promise((resolve, reject) => {
      const settle = (message: Message | null, code: number | null) => {
        this.#child.removeAllListeners();
        if (message === null) reject(new Error(`${this.#label}: its process ended with ${code}`));
        else if ('error' in message) reject(new Error(`${this.#label}: ${message.error}`));
        else resolve(message);
      };
      this.#child.once('message', (message) => settle(message as Message, null));
      this.#child.once('exit', (code) => settle(null, code));
    });
  }
}

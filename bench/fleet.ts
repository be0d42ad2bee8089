import { type ChildProcess, fork } from 'node:child_process';
import type { Member, Order, Report } from './fleet-member.js';
import { answerFrom } from './peers/ipc-cache.js';

const WORKER = new URL('./fleet-member.js', import.meta.url);

/** Processes that work at one cache at the same time. Their parent keeps the entries of the IPC cache for them. */
export class Fleet<Task extends object, Outcome> {
  readonly #children: readonly ChildProcess[];

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
  }

  /**
   * Starts the first one, which fills the cache for all, then the others, and waits until they are warm.
   * @param file what they run. It reads `member`, the `size` and its `index` from its first argument, as JSON.
   */
  static async start<Task extends object, Outcome>(
    file: URL,
    size: number,
    member: object,
  ): Promise<Fleet<Task, Outcome>> {
    const entries = new Map<string, unknown>();
    const children: ChildProcess[] = [];
    const started = Array.from({ length: size }, (_, index) => index);
    const join = async (index: number) => {
      const child = fork(file, [JSON.stringify({ ...member, index, size })], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      child.setMaxListeners(0);
      children.push(child);
      answerFrom(entries, child);
      await reportOf(child);
    };
    await join(0);
    await Promise.all(started.slice(1).map(join));
    return new Fleet<Task, Outcome>(children);
  }

  /** All do the same at the same time, and report what came of it. */
  async burst(task: Task): Promise<Outcome[]> {
    const reports = this.#children.map((child) => reportOf<Outcome>(child));
    for (const child of this.#children) child.send(task);
    return Promise.all(reports);
  }
}

/** Processes that read and write. */
export function startWorkers(size: number, member: Omit<Member, 'index' | 'size'>): Promise<Fleet<Order, Report>> {
  return Fleet.start(WORKER, size, member);
}

function reportOf<Outcome>(child: ChildProcess): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const settle = (result: Outcome | null, why: string) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      if (result === null) reject(new Error(`one of several processes ${why}`));
      else resolve(result);
    };
    const onMessage = (message: unknown) => {
      const { report, error } = message as { report?: Outcome; error?: string };
      if (report !== undefined || error !== undefined) settle(report ?? null, `failed: ${error}`);
    };
    const onExit = (code: number | null) => settle(null, `ended with ${code}`);
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

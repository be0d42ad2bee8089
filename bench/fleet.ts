import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Member, Order, Report } from './fleet-member.js';
import { answerFrom } from './peers/ipc-cache.js';

const MEMBER = fileURLToPath(new URL('./fleet-member.js', import.meta.url));

/** Processes that work at one cache at the same time. Their parent keeps the entries of the IPC cache for them. */
export class Fleet {
  readonly #children: readonly ChildProcess[];

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
  }

  /** Starts them one after the other, so that the first one fills the cache for all, and waits until they are warm. */
  static async start(size: number, member: Omit<Member, 'index' | 'size'>): Promise<Fleet> {
    const entries = new Map<string, unknown>();
    const children: ChildProcess[] = [];
    const started = Array.from({ length: size }, (_, index) => index);
    const join = async (index: number) => {
      const child = fork(MEMBER, [JSON.stringify({ ...member, index, size } satisfies Member)], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      child.setMaxListeners(0);
      children.push(child);
      answerFrom(entries, child);
      await reportOf(child);
    };
    await join(0);
    await Promise.all(started.slice(1).map(join));
    return new Fleet(children);
  }

  /** All work for so many milliseconds, and report what they did. */
  async burst(order: Order): Promise<Report[]> {
    const reports = this.#children.map(reportOf);
    for (const child of this.#children) child.send(order);
    return Promise.all(reports);
  }
}

function reportOf(child: ChildProcess): Promise<Report> {
  return new Promise((resolve, reject) => {
    const settle = (result: Report | null, why: string) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      if (result === null) reject(new Error(`one of several processes ${why}`));
      else resolve(result);
    };
    const onMessage = (message: unknown) => {
      const { report, error } = message as { report?: Report; error?: string };
      if (report !== undefined || error !== undefined) settle(report ?? null, `failed: ${error}`);
    };
    const onExit = (code: number | null) => settle(null, `ended with ${code}`);
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AwaitedStore, Channel, SharedPeer } from '../contract.js';

const PRIMARY = fileURLToPath(new URL('./ipc-primary.js', import.meta.url));

/** What a process asks of the one that keeps the entries: to set a value where there is one, else to get it. */
interface Question {
  readonly ask: number;
  readonly key: string;
  readonly value?: unknown;
}

interface Answer {
  readonly answer: number;
  readonly value?: unknown;
}

/** Answers those at the other end of a channel out of `entries`. */
export function answerFrom(entries: IpcEntries, channel: Channel): void {
  channel.on('message', (message) => {
    const { ask, key, value } = message as Question;
    if (ask === undefined) return;
    if (value === undefined) channel.send?.({ answer: ask, value: entries.get(key) } satisfies Answer);
    else {
      entries.set(key, value);
      channel.send?.({ answer: ask } satisfies Answer);
    }
  });
}

/** What the primary keeps the entries in. */
export type IpcEntries = Pick<Map<string, unknown>, 'get' | 'set'>;

/** Asks the one at the other end of a channel; the number of a question finds its answer. */
function askingAt(channel: Channel): AwaitedStore {
  const waiting = new Map<number, (value: unknown) => void>();
  let asked = 0;
  channel.on('message', (message) => {
    const { answer, value } = message as Answer;
    if (answer === undefined) return;
    waiting.get(answer)?.(value);
    waiting.delete(answer);
  });
  const ask = (question: Omit<Question, 'ask'>) =>
    new Promise<unknown>((resolve) => {
      waiting.set(++asked, resolve);
      channel.send?.({ ask: asked, ...question } satisfies Question);
    });
  return { get: (key) => ask({ key }), set: (key, value) => ask({ key, value }) };
}

export const ipcCache: SharedPeer = {
  name: 'IPC to the primary',
  package: null,
  isAwaited: true,
  setting:
    'a Map in another process, asked by process.send() with numbered messages (JSON, the default); no ttl, no bound',
  async open({ primary }) {
    return askingAt(primary ?? fork(PRIMARY, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
  },
};

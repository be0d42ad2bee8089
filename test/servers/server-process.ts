import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

/**
 * A shell stands between, because a server does not notice that who started it was killed: the shell's input ends then,
 * and it ends the server, be it stopped. The server's number comes first, and then what the server says.
 */
const UNTIL_INPUT_ENDS = `
exec 3<&0
sh -c 'echo $$; exec "$0" "$@"' "$@" < /dev/null 2>&1 3<&- &
server=$!
(while read -r _; do :; done <&3; kill -9 $server) > /dev/null 2>&1 &
watcher=$!
exec > /dev/null
wait $server
code=$?
kill $watcher
exit $code
`;

/** What a server says is kept so far, for the error that it does not start. */
const KEPT_CHARACTERS = 4000;
const PAUSE_MS = 3;
const LIMIT_MS = 15_000;

/** One run of a server program, which ends with this process at the latest. */
export class ServerProcess {
  readonly #command: readonly string[];
  readonly #shell: ChildProcess;
  readonly #ended: Promise<unknown>;
  #hasEnded = false;
  #said = '';

  constructor(command: readonly string[]) {
    this.#command = command;
    // In a group of its own: Ctrl-C in a terminal is for the tests, which stop it.
    this.#shell = spawn('sh', ['-c', UNTIL_INPUT_ENDS, 'sh', ...command], {
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    this.#ended = once(this.#shell, 'exit').then(() => {
      this.#hasEnded = true;
    });
    this.#shell.stdin?.on('error', () => {});
    const output = this.#shell.stdout as Readable;
    output.setEncoding('utf8').on('data', (text: string) => {
      this.#said = `${this.#said}${text}`.slice(0, KEPT_CHARACTERS);
    });
    // A test that forgot a server still ends, and the server with it.
    this.#shell.unref();
    for (const stream of [this.#shell.stdin, output]) (stream as unknown as { unref(): void }).unref();
  }

  /** The number of the server itself; `undefined` until it is known. */
  get pid(): number | undefined {
    const [, pid] = /^(\d+)\n/.exec(this.#said) ?? [];
    return pid === undefined ? undefined : Number(pid);
  }

  /**
   * Waits until `answers` resolves to the number of this very process: at its port another might answer.
   *
   * @throws Error with what the server said, if it ends instead, or does not answer for seconds.
   */
  async ready(answers: () => Promise<number | undefined>): Promise<void> {
    const end = Date.now() + LIMIT_MS;
    for (;;) {
      const pid = await answers().catch(() => undefined);
      if (pid !== undefined && pid === this.pid) return;
      if (this.#hasEnded || Date.now() > end) {
        await this.stop();
        throw new Error(`${this.#command.join(' ')} does not answer. It said: ${this.#said}`);
      }
      await setTimeout(PAUSE_MS);
    }
  }

  /** Sends the signal; resolves when the server is gone, where the signal ends it, or stands still (on Linux). */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.#hasEnded || this.pid === undefined) return;
    process.kill(this.pid, signal);
    if (signal === 'SIGSTOP') while (threadsRun(this.pid)) await setTimeout(PAUSE_MS);
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.#gone();
  }

  /** Resolves when it is gone, whatever it was doing. */
  async stop(): Promise<void> {
    this.#shell.stdin?.end();
    await this.#gone();
  }

  async #gone(): Promise<void> {
    this.#shell.ref();
    await this.#ended;
  }
}

/** Each thread of a process stops by itself, a little later than the signal was sent. */
function threadsRun(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  if (!existsSync(tasks)) return false;
  return readdirSync(tasks).some((thread) => !/\) T /.test(readFileSync(`${tasks}/${thread}/stat`, 'latin1')));
}

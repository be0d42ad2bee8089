import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../examples/cities/main.js', import.meta.url));

/** The example as `npm start` runs it, on a free port. */
export class CitiesProcess {
  readonly child: ChildProcess;
  readonly #closed: Promise<unknown[]>;
  #output = '';
  #errors = '';

  constructor(args: readonly string[] = [], env: NodeJS.ProcessEnv = process.env) {
    this.child = spawn(process.execPath, [main, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#closed = once(this.child, 'close');
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.child.emit('output');
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
  }

  /** The first match in what it printed, as soon as there is one. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const ended = this.#closed.then(() => {
      throw new Error(`It ended without printing ${pattern}:\n${this.#output}${this.#errors}`);
    });
    ended.catch(() => {});
    while (true) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      await Promise.race([once(this.child, 'output'), ended]);
    }
  }

  /** The address of its page, once it is there. */
  async origin(): Promise<string> {
    return (await this.printed(/http:\/\/127\.0\.0\.1:\d+/))[0];
  }

  /** All that it printed, and its exit code. Its pipes close only when its children have let go of them, too. */
  async end(): Promise<{ code: unknown; output: string; errors: string }> {
    const [code] = await this.#closed;
    return { code, output: this.#output, errors: this.#errors };
  }
}

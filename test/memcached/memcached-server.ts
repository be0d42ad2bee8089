import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A memcached of a test's own, on a free port of this machine. */
export class MemcachedServer {
  readonly port: number;
  readonly address: string;
  readonly #options: readonly string[];
  #process!: ChildProcess;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.address = `127.0.0.1:${port}`;
    this.#options = options;
  }

  static async start(...options: string[]): Promise<MemcachedServer> {
    const server = new MemcachedServer(await freePort(), options);
    await server.restart();
    return server;
  }

  /** Starts it anew at the same port, empty. */
  async restart(): Promise<void> {
    // As root it wants to be told who to be; otherwise it does not look.
    const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
    const own = ['-l', '127.0.0.1', '-p', String(this.port), '-U', '0', ...user, ...this.#options];
    this.#process = spawn('memcached', own, { stdio: 'ignore' });
    const failed = once(this.#process, 'exit').then(([code]) => {
      throw new Error(`memcached ended at its start (${code}).`);
    });
    await Promise.race([failed, this.#answers()]);
    failed.catch(() => {});
  }

  /** SIGSTOP and SIGCONT too. */
  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }

  /** Sends one command line, and gives all that is answered until `end`. */
  async ask(command: string, end = /\r\n$/): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    socket.write(`${command}\r\n`);
    let answer = '';
    for await (const bytes of socket) {
      answer += bytes;
      if (end.test(answer)) break;
    }
    socket.destroy();
    return answer;
  }

  async #answers(): Promise<void> {
    for (;;) {
      try {
        await this.ask('version');
        return;
      } catch {
        await pause(10);
      }
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

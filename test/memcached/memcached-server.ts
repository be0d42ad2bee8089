import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A memcached of a test's own, on a free port of this machine. */
export class MemcachedServer {
  readonly port: number;
  readonly url: string;
  readonly #options: readonly string[];
  #process!: ChildProcess;

  private constructor(port: number, options: readonly string[]) {
    this.port = port;
    this.url = `memcached://127.0.0.1:${port}`;
    this.#options = options;
  }

  static async start(...options: string[]): Promise<MemcachedServer> {
    const server = new MemcachedServer(await freePort(), options);
    await server.restart();
    return server;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Starts it anew at the same port, empty. Resolves when it answers. */
  async restart(): Promise<void> {
    await this.kill('SIGKILL');
    // As root it wants to be told who to be; otherwise it does not look.
    const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
    const own = ['-l', '127.0.0.1', '-p', String(this.port), '-U', '0', ...user, ...this.#options];
    const child = spawn('memcached', own, { stdio: 'ignore' });
    this.#process = child;
    while (!(await this.#answers())) {
      if (child.exitCode !== null) throw new Error(`memcached ended at its start (${child.exitCode}).`);
      await pause(10);
    }
  }

  /** Sends a signal; resolves when what it does has happened, where that can be waited for. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process as ChildProcess | undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = signal === 'SIGKILL' ? once(child, 'exit') : undefined;
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill('SIGKILL');
  }

  /** What the server answers to lines of its protocol, up to what matches `end`. */
  async command(lines: readonly string[], end = /\r\n$/): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    socket.write([...lines, ''].join('\r\n'));
    let answer = '';
    for await (const bytes of socket) {
      answer += bytes;
      if (end.test(answer)) break;
    }
    socket.destroy();
    return answer;
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.command(['version'])) !== '';
    } catch {
      return false;
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

import { userInfo } from 'node:os';
import { ask, type Server, ServerAtPort } from './server.js';

export interface MemcachedServerOptions {
  /** What its entries may take in all, in megabytes (`-m`). Default: 64. */
  readonly megabytes?: number;
  /** The largest value, such as `'2m'` or `'512k'` (`-I`). Default: `'1m'`. */
  readonly itemSize?: string;
}

/** One memcached. */
export class MemcachedServer implements Server {
  readonly port: number;
  readonly url: string;
  readonly #server: ServerAtPort;

  private constructor(server: ServerAtPort) {
    this.#server = server;
    this.port = server.port;
    this.url = `memcached://127.0.0.1:${this.port}`;
  }

  /** Resolves when it answers. */
  static async start({ megabytes = 64, itemSize = '1m' }: MemcachedServerOptions = {}): Promise<MemcachedServer> {
    // It does not run as root unless it is told to.
    const user = process.getuid?.() === 0 ? ['-u', userInfo().username] : [];
    const args = ['-l', '127.0.0.1', '-U', '0', '-t', '1', '-m', String(megabytes), '-I', itemSize, ...user];
    const server = await ServerAtPort.start({
      command: (port) => ['memcached', ...args, '-p', String(port)],
      async pidAt(port) {
        const stats = await ask(port, 'stats\r\n', (answer) => answer.endsWith('END\r\n'));
        const [, pid] = /^STAT pid (\d+)/m.exec(stats) ?? [];
        return pid === undefined ? undefined : Number(pid);
      },
    });
    return new MemcachedServer(server);
  }

  get pid(): number | undefined {
    return this.#server.pid;
  }

  /** What the server answers to lines of its text protocol, up to what matches `end`. */
  command(lines: readonly string[], end: RegExp): Promise<string> {
    return ask(this.port, [...lines, ''].join('\r\n'), (answer) => end.test(answer));
  }

  kill(signal: NodeJS.Signals): Promise<void> {
    return this.#server.kill(signal);
  }

  restart(): Promise<void> {
    return this.#server.restart();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}

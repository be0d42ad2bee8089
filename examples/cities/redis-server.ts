import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createClient, type RedisClientType } from 'redis';

/**
 * A shell stands between, because a server does not notice that who started it was killed: the shell's input ends then,
 * and it ends the server. (What the shell starts in the background has no part in that input.)
 */
const UNTIL_INPUT_ENDS = 'redis-server "$@" & cat > /dev/null; kill -9 $!; wait';
const TRIES = 200;
const PAUSE_MS = 20;

/** A Redis server of our own: on loopback, on a free port, with nothing on disk. */
export class RedisServer {
  readonly port: number;
  readonly #shell: ChildProcess;
  readonly #exited: Promise<unknown>;
  #client: RedisClientType | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    const options = {
      port,
      bind: '127.0.0.1',
      save: '',
      appendonly: 'no',
      dir: folder,
      'maxmemory-policy': 'allkeys-lfu',
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    // In a group of its own: Ctrl-C in a terminal is for us, and the workers still need the server then.
    this.#shell = spawn('sh', ['-c', UNTIL_INPUT_ENDS, 'sh', ...args], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    });
    this.#exited = once(this.#shell, 'exit');
  }

  static isInstalled(): boolean {
    return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
  }

  /** `folder` is its working directory. */
  static async start(folder: string): Promise<RedisServer> {
    return new RedisServer(await freePort(), folder);
  }

  /**
   * Waits until it answers.
   *
   * @throws Error if it does not, for seconds.
   */
  async ready(): Promise<void> {
    const reconnectStrategy = (tries: number) =>
      tries < TRIES ? PAUSE_MS : new Error('redis-server does not answer.');
    const client: RedisClientType = createClient({ socket: { host: '127.0.0.1', port: this.port, reconnectStrategy } });
    client.on('error', () => {});
    this.#client = client;
    await client.connect();
  }

  /** Bounds what entries may take, beside what it has taken by now, the buffers of all connections included. */
  async boundEntries(bytes: number): Promise<void> {
    const info = (await this.#client?.info('memory')) ?? '';
    const used = Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
    await this.#client?.configSet('maxmemory', String(used + bytes));
  }

  /** Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.#client?.isOpen) this.#client.destroy();
    this.#shell.stdin?.end();
    await this.#exited;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.');
  return address.port;
}

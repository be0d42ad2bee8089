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
/** What the buffers of a connection take while it is used, about; idle ones are given back. */
const BYTES_A_CONNECTION = 36 * 1024;
/** Key by key: of all that the server takes, the entries are the smaller part. */
const BYTES_OF_ENTRIES = `
  local bytes = 0
  for _, key in ipairs(redis.call('KEYS', '*')) do bytes = bytes + redis.call('MEMORY', 'USAGE', key) end
  return bytes`;

/** A Redis server of our own: on loopback, on a free port, with nothing on disk. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  #shell: ChildProcess;
  #client: RedisClientType | undefined;
  #bytesOfEntries = Infinity;
  /** The most that was ever taken beside the entries. */
  #bytesBeside = 0;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
    this.#shell = this.#spawn();
  }

  #spawn(): ChildProcess {
    const options = {
      port: this.port,
      bind: '127.0.0.1',
      save: '',
      appendonly: 'no',
      dir: this.#folder,
      'maxmemory-policy': 'allkeys-lfu',
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    // In a group of its own: Ctrl-C in a terminal is for us, and the workers still need the server then.
    return spawn('sh', ['-c', UNTIL_INPUT_ENDS, 'sh', ...args], {
      stdio: ['pipe', 'ignore', 'inherit'],
      detached: true,
    });
  }

  static isInstalled(): boolean {
    return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
  }

  /** `folder` is its working directory. */
  static async start(folder: string): Promise<RedisServer> {
    return new RedisServer(await freePort(), folder);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /**
   * Waits until it answers.
   *
   * @throws Error if it does not, for seconds.
   */
  async ready(): Promise<void> {
    const reconnectStrategy = (tries: number) =>
      tries < TRIES ? PAUSE_MS : new Error('redis-server does not answer.');
    const client: RedisClientType = createClient({ url: this.url, socket: { reconnectStrategy } });
    client.on('error', () => {});
    this.#client = client;
    await client.connect();
  }

  /** Bounds what entries may take beside all else: the connections of now, above all, which are yet to be used. */
  async boundEntries(bytes: number): Promise<void> {
    const info = (await this.#client?.info()) ?? '';
    this.#bytesOfEntries = bytes;
    await this.#setBound(numberIn(info, 'used_memory') + numberIn(info, 'connected_clients') * BYTES_A_CONNECTION);
  }

  async #setBound(beside: number): Promise<void> {
    if (this.#bytesOfEntries === Infinity || beside <= this.#bytesBeside) return;
    this.#bytesBeside = beside;
    await this.#client?.configSet('maxmemory', String(beside + this.#bytesOfEntries));
  }

  /** What it holds; `undefined` while it does not answer. The bound is set by what it takes beside that. */
  async held(): Promise<{ entries: number; bytes: number } | undefined> {
    const client = this.#client;
    if (!client?.isReady) return undefined;
    try {
      const [entries, bytes, info] = await Promise.all([client.dbSize(), client.eval(BYTES_OF_ENTRIES), client.info()]);
      await this.#setBound(numberIn(info, 'used_memory') - Number(bytes));
      return { entries, bytes: Number(bytes) };
    } catch {
      return undefined;
    }
  }

  /** Kills it (SIGKILL); resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.#client?.isOpen) this.#client.destroy();
    this.#shell.stdin?.end();
    if (this.#shell.exitCode === null) await once(this.#shell, 'exit');
  }

  /** Starts it again at the same port, with nothing in it, and waits until it answers. */
  async startAgain(): Promise<void> {
    this.#shell = this.#spawn();
    this.#bytesBeside = 0;
    await this.ready();
    if (this.#bytesOfEntries !== Infinity) await this.boundEntries(this.#bytesOfEntries);
  }
}

function numberIn(info: string, name: string): number {
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
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

import { serverFolder } from './folders.js';
import { type RedisReply, redisCommand, redisText } from './redis-command.js';
import { type Launch, type Server, ServerAtPort } from './server.js';

export interface RedisServerOptions {
  readonly password?: string;
  /** Such as `'2mb'`: more is refused (`OOM`), unless `settings` name another `maxmemory-policy`. */
  readonly maxmemory?: string;
  /** Further lines of its configuration: the words after each name. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** One redis-server, with nothing on disk. */
export class RedisServer implements Server {
  readonly port: number;
  readonly url: string;
  readonly #server: ServerAtPort;
  readonly #password: string | undefined;

  private constructor(server: ServerAtPort, password: string | undefined) {
    this.#server = server;
    this.#password = password;
    this.port = server.port;
    this.url = `redis://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${this.port}`;
  }

  /** Resolves when it answers. */
  static async start({ password, maxmemory, settings = {} }: RedisServerOptions = {}): Promise<RedisServer> {
    const own = {
      bind: '127.0.0.1',
      save: '',
      appendonly: 'no',
      dir: serverFolder(),
      loglevel: 'warning',
      ...(password === undefined ? {} : { requirepass: password, masterauth: password }),
      ...(maxmemory === undefined ? {} : { maxmemory, 'maxmemory-policy': 'noeviction' }),
    };
    const args = [
      ...Object.entries(own).flatMap(([name, value]) => [`--${name}`, value]),
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, ...String(value).split(' ')]),
    ];
    return new RedisServer(await ServerAtPort.start(redisLaunch(args, password)), password);
  }

  get pid(): number | undefined {
    return this.#server.pid;
  }

  /** What the server replies to one command. @throws Error if that is an error. */
  command(...words: (string | number)[]): Promise<RedisReply> {
    return redisCommand(this.port, words, this.#password);
  }

  /** The same where the reply is text. */
  text(...words: (string | number)[]): Promise<string> {
    return redisText(this.port, words, this.#password);
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

/** How a redis-server is started; `args` come before the port. */
export function redisLaunch(args: readonly string[], password?: string): Launch {
  return {
    command: (port) => ['redis-server', ...args, '--port', String(port)],
    async pidAt(port) {
      const info = await redisText(port, ['INFO', 'server'], password);
      const [, pid] = /^process_id:(\d+)/m.exec(info) ?? [];
      return pid === undefined ? undefined : Number(pid);
    },
  };
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serverFolder } from './folders.js';
import { upToDate } from './redis-cluster.js';
import { redisCommand } from './redis-command.js';
import { RedisServer, redisLaunch } from './redis-server.js';
import { ServerAtPort } from './server.js';
import { until } from './until.js';

export interface RedisSentinelsOptions {
  /** How many watch. Default: 1. */
  readonly sentinels?: number;
  /** How long the master may be silent before it is taken to be down, in milliseconds. Default: 300. */
  readonly downAfter?: number;
  readonly password?: string;
}

/** A master and a replica, watched by sentinels that make the one the other when the master is gone. */
export class RedisSentinels {
  /** What the sentinels call the set. */
  readonly name = 'locmem';
  /** As they were made. */
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly ServerAtPort[];

  private constructor(master: RedisServer, replica: RedisServer, sentinels: readonly ServerAtPort[]) {
    this.master = master;
    this.replica = replica;
    this.sentinels = sentinels;
  }

  /** Resolves when all sentinels know each other, the master and the replica. */
  static async start(options: RedisSentinelsOptions = {}): Promise<RedisSentinels> {
    const { sentinels = 1, downAfter = 300, password } = options;
    const own = { ...(password === undefined ? {} : { password }) };
    const diskless = { 'repl-diskless-sync': 'yes', 'repl-diskless-sync-delay': 0 };
    const master = await RedisServer.start({ ...own, settings: diskless });
    const replica = await RedisServer.start({
      ...own,
      settings: { ...diskless, replicaof: `127.0.0.1 ${master.port}` },
    });
    await upToDate(replica);
    const lines = (name: string) => [
      'bind 127.0.0.1',
      `sentinel monitor ${name} 127.0.0.1 ${master.port} ${Math.floor(sentinels / 2) + 1}`,
      `sentinel down-after-milliseconds ${name} ${downAfter}`,
      `sentinel failover-timeout ${name} ${10 * downAfter}`,
      ...(password === undefined ? [] : [`sentinel auth-pass ${name} ${password}`]),
    ];
    const watching = Array.from({ length: sentinels }, () => ServerAtPort.start(sentinelLaunch(lines('locmem'))));
    const set = new RedisSentinels(master, replica, await Promise.all(watching));
    await Promise.all(set.ports.map((port) => set.#sees(port)));
    return set;
  }

  /** Where the sentinels are asked. */
  get ports(): readonly number[] {
    return this.sentinels.map(({ port }) => port);
  }

  /** Of the sentinels, with the password of what they watch. */
  get urls(): readonly string[] {
    return this.ports.map((port) => this.master.url.replace(/\d+$/, String(port)));
  }

  /** The port of the one that is the master now, as the first sentinel says. */
  async masterPort(): Promise<number> {
    const [, port] = (await redisCommand(this.ports[0]!, [
      'SENTINEL',
      'GET-MASTER-ADDR-BY-NAME',
      this.name,
    ])) as string[];
    return Number(port);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, this.replica, this.master].map((server) => server.stop()));
  }

  async #sees(port: number): Promise<void> {
    await until(`the sentinel at port ${port} sees all`, async () => {
      const fields = (await redisCommand(port, ['SENTINEL', 'MASTER', this.name])) as string[];
      const field = (name: string) => Number(fields[fields.indexOf(name) + 1]);
      return field('num-slaves') === 1 && field('num-other-sentinels') === this.sentinels.length - 1;
    });
  }
}

/** A sentinel writes what it learns into its own file of configuration. */
function sentinelLaunch(lines: readonly string[]) {
  const folder = serverFolder();
  const file = join(folder, 'sentinel.conf');
  writeFileSync(file, [...lines, `dir ${folder}`, ''].join('\n'));
  const { command, pidAt } = redisLaunch([]);
  return {
    command: (port: number) => {
      const [program, ...args] = command(port) as [string, ...string[]];
      return [program, file, '--sentinel', ...args];
    },
    pidAt,
  };
}

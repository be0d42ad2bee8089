import { RedisServer, type RedisServerOptions } from './redis-server.js';
import { until } from './until.js';

const MASTERS = 3;
const SLOTS = 16_384;

/** Three masters, each with a replica, that share all slots. */
export class RedisCluster {
  /** As they were made; a failover makes a master of a replica. */
  readonly masters: readonly RedisServer[];
  /** The replica of the master at the same place. */
  readonly replicas: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.masters = nodes.slice(0, MASTERS);
    this.replicas = nodes.slice(MASTERS);
  }

  /** Resolves when every node says that the cluster is whole, and all replicas are up to date. */
  static async start({ settings, ...options }: RedisServerOptions = {}): Promise<RedisCluster> {
    const nodeOptions: RedisServerOptions = {
      ...options,
      settings: {
        'cluster-enabled': 'yes',
        'cluster-config-file': 'nodes.conf',
        'cluster-node-timeout': 1000,
        'repl-diskless-sync': 'yes',
        'repl-diskless-sync-delay': 0,
        ...settings,
      },
    };
    const cluster = new RedisCluster(
      await Promise.all(Array.from({ length: 2 * MASTERS }, () => RedisServer.start(nodeOptions))),
    );
    try {
      await cluster.#join();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get nodes(): readonly RedisServer[] {
    return [...this.masters, ...this.replicas];
  }

  get ports(): readonly number[] {
    return this.nodes.map(({ port }) => port);
  }

  get urls(): readonly string[] {
    return this.nodes.map(({ url }) => url);
  }

  /** Resolves when every node that answers says that all slots are served. */
  async whole(nodes = this.nodes): Promise<void> {
    await Promise.all(
      nodes.map((node) =>
        until(`the node at port ${node.port} says that the cluster is whole`, async () =>
          /cluster_state:ok/.test(await node.text('CLUSTER', 'INFO')),
        ),
      ),
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async #join(): Promise<void> {
    const [first, ...others] = this.nodes as [RedisServer, ...RedisServer[]];
    for (const [i, master] of this.masters.entries()) {
      await master.command('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
      await master.command('CLUSTER', 'ADDSLOTS', ...slotsOf(i));
    }
    for (const { port } of others) await first.command('CLUSTER', 'MEET', '127.0.0.1', port);
    await Promise.all(this.nodes.map((node) => knowsAll(node, this.nodes.length)));
    await Promise.all(this.replicas.map((replica, i) => follow(replica, this.masters[i]!)));
    await this.whole();
  }
}

function slotsOf(master: number): number[] {
  const [from, to] = [master, master + 1].map((i) => Math.floor((i * SLOTS) / MASTERS)) as [number, number];
  return Array.from({ length: to - from }, (_, i) => from + i);
}

async function knowsAll(node: RedisServer, count: number): Promise<void> {
  await until(`the node at port ${node.port} knows the others`, async () => {
    const lines = (await node.text('CLUSTER', 'NODES')).split('\n').filter((line) => line.includes('127.0.0.1:'));
    return lines.length === count && lines.every((line) => !/handshake|noaddr/.test(line));
  });
}

/** Resolves when the replica has what the master has. */
async function follow(replica: RedisServer, master: RedisServer): Promise<void> {
  const id = await master.text('CLUSTER', 'MYID');
  await until(`the node at port ${replica.port} is a replica`, async () => {
    await replica.command('CLUSTER', 'REPLICATE', id);
    return true;
  });
  await upToDate(replica);
}

export async function upToDate(replica: RedisServer): Promise<void> {
  await until(`the replica at port ${replica.port} follows its master`, async () =>
    /master_link_status:up/.test(await replica.text('INFO', 'replication')),
  );
}

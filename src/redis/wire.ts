import type { RedisClient } from './redis-options.js';

export type Reply = null | number | string | Buffer | readonly Reply[];
export type Argument = string | Buffer;

/** A node of a server: all keys of it can be asked for at once. */
export interface Node {
  send(args: Argument[]): Promise<Reply>;
}

/** An open connection to Redis, of whatever kind. */
export interface Wire {
  /** Whether keys are spread over nodes, so that one command may name one key alone. */
  readonly isCluster: boolean;
  /** Whether the server tells what others change. */
  tellsChanges: boolean;
  /** Whether the client is of our making: the user's own is his to close and to reconnect. */
  isOurs: boolean;
  send(key: string, isReadonly: boolean, args: Argument[]): Promise<Reply>;
  /** The masters, each with a part of the keys. */
  nodes(): Promise<Node[]>;
  /** Lets go at once: what is under way rejects. */
  destroy(): void;
}

interface Standalone {
  sendCommand(args: Argument[]): Promise<Reply>;
  destroy(): void;
}

interface Cluster {
  readonly masters: readonly object[];
  sendCommand(key: string, isReadonly: boolean, args: Argument[]): Promise<Reply>;
  nodeClient(node: object): Promise<Standalone>;
  destroy(): void;
}

interface Sentinel {
  sendCommand(isReadonly: boolean, args: Argument[]): Promise<Reply>;
  destroy(): unknown;
}

/** RESP's type of text and bytes: we want the bytes. */
const BLOB_STRING = 36;
/** Ours are the deadlines: the client's cost a timer for each command, and do not end what was sent. */
export const COMMAND_OPTIONS = { typeMapping: { [BLOB_STRING]: Buffer }, timeout: 0 };

/**
 * What the client is, is told by what it can do: the package may be there twice, so that `instanceof` cannot tell.
 *
 * @param timeout after how long a client that we cannot give up forgets what it has not sent yet, in milliseconds.
 */
export function wireOf(client: RedisClient, timeout = 0): Wire {
  const own = client as unknown as { withCommandOptions(options: object): unknown };
  const proxy = own.withCommandOptions({ ...COMMAND_OPTIONS, timeout });
  if ('masters' in client && 'nodeClient' in client) return clusterWire(proxy as Cluster);
  if ('getMasterNode' in client || 'acquire' in client) return sentinelWire(proxy as Sentinel);
  return standaloneWire(proxy as Standalone);
}

function standaloneWire(client: Standalone): Wire {
  const node = { send: (args: Argument[]) => client.sendCommand(args) };
  return {
    isCluster: false,
    tellsChanges: false,
    isOurs: false,
    send: (_key, _isReadonly, args) => client.sendCommand(args),
    nodes: async () => [node],
    destroy: () => client.destroy(),
  };
}

function clusterWire(cluster: Cluster): Wire {
  return {
    isCluster: true,
    tellsChanges: false,
    isOurs: false,
    send: (key, isReadonly, args) => cluster.sendCommand(key, isReadonly, args),
    nodes: () =>
      Promise.all(
        cluster.masters.map(async (master) => {
          const client = await cluster.nodeClient(master);
          return { send: (args: Argument[]) => client.sendCommand(args) };
        }),
      ),
    destroy: () => cluster.destroy(),
  };
}

function sentinelWire(sentinel: Sentinel): Wire {
  const node = { send: (args: Argument[]) => sentinel.sendCommand(false, args) };
  return {
    isCluster: false,
    tellsChanges: false,
    isOurs: false,
    send: (_key, isReadonly, args) => sentinel.sendCommand(isReadonly, args),
    nodes: async () => [node],
    destroy: () => void sentinel.destroy(),
  };
}

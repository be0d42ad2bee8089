import { setTimeout } from 'node:timers/promises';
import type { RedisClientOptions, RedisClientType } from 'redis';
import { InvalidConfigError } from '../core/errors.js';
import type { RedisClient, RedisTarget } from './redis-options.js';
import { COMMAND_OPTIONS, type Wire, wireOf } from './wire.js';

type Redis = typeof import('redis');

/** What a wire has to say beside its answers. */
export interface WireListener {
  /** It will not answer any more. */
  lost(reason: unknown): void;
  /** The server says that these stored keys were changed by others; `null`: any may have been. */
  invalidated(name: string | null): void;
}

/** An attempt to connect. */
export interface Dialing {
  readonly wire: Promise<Wire>;
  /** Lets go of whatever is open by now. */
  abandon(): void;
}

/** How long things may take, in milliseconds. */
export interface Patience {
  readonly connecting: number;
  readonly answering: number;
}

/** Begins to connect. Reconnection is not the client's affair: who dials decides when to dial again. */
export function dial(
  target: RedisTarget,
  patience: Patience,
  tracked: string | undefined,
  listener: WireListener,
): Dialing {
  const attempt = new Attempt(patience, tracked, listener);
  return { wire: attempt.connect(target), abandon: () => attempt.abandon() };
}

class Attempt {
  readonly #patience: Patience;
  readonly #tracked: string | undefined;
  readonly #listener: WireListener;
  readonly #open: { destroy(): unknown }[] = [];
  #isAbandoned = false;

  constructor(patience: Patience, tracked: string | undefined, listener: WireListener) {
    this.#patience = patience;
    this.#tracked = tracked;
    this.#listener = listener;
  }

  abandon(): void {
    this.#isAbandoned = true;
    for (const client of this.#open) client.destroy();
  }

  async connect(target: RedisTarget): Promise<Wire> {
    if (target.kind === 'client') return this.#own(target.client);
    const redis = await loadClient();
    if (target.kind === 'cluster') return this.#cluster(redis, target.urls);
    if (target.kind === 'standalone') return this.#standalone(redis, { url: target.url });
    return this.#master(redis, target.urls, target.master);
  }

  /** The user's own client, with which he does as he likes; its reconnection is his, too. What is told needs another. */
  async #own(client: RedisClient): Promise<Wire> {
    if (this.#tracked !== undefined && !wireOf(client).isCluster && 'options' in client) {
      const own = client as unknown as RedisClientType;
      return this.#heard((options) => own.duplicate(options) as never, { ...own.options, RESP: 3 } as never);
    }
    if (!client.isOpen) await client.connect();
    return wireOf(client, this.#patience.answering);
  }

  async #standalone(redis: Redis, where: RedisClientOptions): Promise<Wire> {
    return this.#heard((options) => redis.createClient(options) as unknown as RedisClientType, where);
  }

  /** The wire of a client of ours. Who may not have tracking, as the server says, has a wire without. */
  async #heard(create: (options: RedisClientOptions) => RedisClientType, where: RedisClientOptions): Promise<Wire> {
    let isTracked = this.#tracked !== undefined;
    let client: RedisClientType;
    try {
      client = await this.#connected(create(this.#optionsOf(where)));
    } catch (error) {
      if (!isTracked || this.#isAbandoned || !/^NOPERM.*tracking/i.test((error as Error).message)) throw error;
      isTracked = false;
      client = await this.#connected(create({ ...this.#optionsOf(where), emitInvalidate: false }));
    }
    client.on('error', (error) => this.#listener.lost(error));
    const wire = wireOf(client as unknown as RedisClient);
    wire.isOurs = true;
    if (isTracked) wire.tellsChanges = await this.#track(client, this.#tracked!);
    return wire;
  }

  #optionsOf({ socket, ...rest }: RedisClientOptions): RedisClientOptions {
    return {
      ...rest,
      socket: { ...socket, reconnectStrategy: false, connectTimeout: this.#patience.connecting } as NonNullable<
        typeof socket
      >,
      disableOfflineQueue: true,
      maintNotifications: 'disabled',
      emitInvalidate: this.#tracked !== undefined,
      commandOptions: COMMAND_OPTIONS,
    };
  }

  async #connected(client: RedisClientType): Promise<RedisClientType> {
    // What fails is said by the promise; without a listener the event would end the program.
    client.on('error', () => {});
    // A socket keeps no program alive: those who wait for an answer do.
    client.unref();
    this.#opened(client);
    await client.connect();
    return client;
  }

  /**
   * In place of the tracking that the client switched on: all keys under the prefix, but not what we write ourselves.
   *
   * @returns whether the server does it.
   */
  async #track(client: RedisClientType, prefix: string): Promise<boolean> {
    client.on('invalidate' as never, (name: Buffer | string | null) => {
      this.#listener.invalidated(name === null ? null : name.toString());
    });
    const scope = prefix === '' ? [] : ['PREFIX', prefix];
    try {
      await client.sendCommand(['CLIENT', 'TRACKING', 'OFF']);
      await client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', ...scope, 'NOLOOP']);
      return true;
    } catch (error) {
      if (!client.isReady) throw error;
      return false;
    }
  }

  /** Nodes are connected to when they are first asked, so that one that is down is missed by its own keys alone. */
  async #cluster(redis: Redis, urls: readonly string[]): Promise<Wire> {
    const { username, password, protocol } = new URL(urls[0]!);
    const cluster = redis.createCluster({
      rootNodes: [{ url: await this.#answering(redis, urls) }],
      minimizeConnections: true,
      defaults: {
        ...(username !== '' && { username: decodeURIComponent(username) }),
        ...(password !== '' && { password: decodeURIComponent(password) }),
        socket: {
          ...(protocol === 'rediss:' && { tls: true as const }),
          reconnectStrategy: false,
          connectTimeout: this.#patience.connecting,
        },
        disableOfflineQueue: true,
        maintNotifications: 'disabled',
      },
      commandOptions: COMMAND_OPTIONS,
    });
    cluster.on('error', () => {});
    cluster.on('node-error', (error) => this.#listener.lost(error));
    cluster.on('node-connect', () => {
      for (const { client } of cluster.masters) client?.unref();
    });
    this.#opened(cluster);
    await cluster.connect();
    const wire = wireOf(cluster as unknown as RedisClient);
    wire.isOurs = true;
    return wire;
  }

  /**
   * A node that answers: the package would wait for one that hangs, for ever, and not let go of it. They are asked one
   * after the other from any one on, without waiting long for the one before.
   */
  async #answering(redis: Redis, urls: readonly string[]): Promise<string> {
    const start = Math.floor(Math.random() * urls.length);
    const patience = this.#patience.connecting / (2 * urls.length);
    const clients: RedisClientType[] = [];
    let isFound = false;
    const answers = [...urls.slice(start), ...urls.slice(0, start)].map(async (url, i) => {
      if (i > 0) await setTimeout(i * patience, undefined, { ref: false });
      if (isFound || this.#isAbandoned) throw new Error('The attempt is over');
      const client = redis.createClient({
        ...this.#optionsOf({ url }),
        emitInvalidate: false,
      }) as unknown as RedisClientType;
      clients.push(client);
      await (await this.#connected(client)).sendCommand(['CLUSTER', 'INFO']);
      isFound = true;
      return url;
    });
    try {
      return await Promise.any(answers);
    } finally {
      for (const client of clients) client.destroy();
    }
  }

  /** Asks one sentinel after the other where the master is, and whoever it names, whether it is one. */
  async #master(redis: Redis, urls: readonly string[], name: string): Promise<Wire> {
    let failure: unknown;
    for (const url of urls) {
      try {
        const [host, port] = await this.#askSentinel(redis, url, name);
        const { username, password, pathname, protocol } = new URL(url);
        const where: RedisClientOptions = {
          socket: { host, port: Number(port), ...(protocol === 'rediss:' && { tls: true as const }) } as never,
          ...(username !== '' && { username: decodeURIComponent(username) }),
          ...(password !== '' && { password: decodeURIComponent(password) }),
          database: Number(pathname.slice(1)),
        };
        const wire = await this.#standalone(redis, where);
        const [node] = await wire.nodes();
        const [role] = (await node!.send(['ROLE'])) as [Buffer];
        if (role.toString() === 'master') return wire;
        wire.destroy();
        failure = new Error(`The sentinels name ${host}:${port} as the master of ${name}, which it is not (yet).`);
      } catch (error) {
        if (this.#isAbandoned) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** The URL's password is the master's; sentinels mostly have none. */
  async #askSentinel(redis: Redis, url: string, name: string): Promise<[host: string, port: string]> {
    const { hostname, port, protocol } = new URL(url);
    const open = {
      host: hostname,
      port: Number(port || 26_379),
      ...(protocol === 'rediss:' && { tls: true as const }),
    };
    const ask = async (where: RedisClientOptions): Promise<[string, string]> => {
      const options = { ...this.#optionsOf(where), emitInvalidate: false };
      const client = await this.#connected(redis.createClient(options) as unknown as RedisClientType);
      try {
        const answer = (await client.sendCommand(['SENTINEL', 'get-master-addr-by-name', name])) as Buffer[] | null;
        if (answer === null) throw new Error(`The sentinel at ${hostname} knows no master called ${name}.`);
        return [answer[0]!.toString(), answer[1]!.toString()];
      } finally {
        client.destroy();
      }
    };
    try {
      return await ask({ socket: open as never });
    } catch (error) {
      if (this.#isAbandoned || !String(error).includes('NOAUTH')) throw error;
      const withPassword = new URL(url);
      withPassword.pathname = '';
      return ask({ url: withPassword.href });
    }
  }

  #opened(client: { destroy(): unknown }): void {
    this.#open.push(client);
    if (this.#isAbandoned) client.destroy();
  }
}

let redis: Redis | undefined;

/** Whether the package can be used at once. */
export function isClientLoaded(): boolean {
  return redis !== undefined;
}

/** @throws InvalidConfigError if the package is not installed. */
export async function loadClient(): Promise<Redis> {
  try {
    redis ??= await import('redis');
    return redis;
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new InvalidConfigError('RedisCache needs the package redis, which is not installed: npm install redis', {
      cause,
    });
  }
}

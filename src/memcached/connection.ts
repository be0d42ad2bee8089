import type { Socket } from 'node:net';
import { InvalidConfigError } from '../core/errors.js';

/** Is told what a server sends. What it throws ends the connection. */
interface Receiver {
  /** `VALUE <name> <flags> <bytes> [<unique>]`, and the bytes. */
  onValue(tokens: readonly string[], bytes: Buffer): void;
  /** Any other line. */
  onLine(line: string): void;
  /** The connection is gone, for good; `wasOpen`: it had come about. */
  onLost(cause: Error, wasOpen: boolean): void;
}

/** Is given all bytes as they come, instead of values and lines. */
interface RawReceiver extends Pick<Receiver, 'onLost'> {
  onData(bytes: Buffer): void;
}

/** A connection, which does not keep the process alive. It may be written to at once. */
export interface Connection {
  readonly socket: Socket;
  close(): void;
}

/** Settings of a `MemcacheClient` of memcache-client that say how to connect. */
export interface ConnectionSettings {
  readonly tls?: unknown;
  readonly keepAlive?: unknown;
}

export type Connect = (server: string, settings: ConnectionSettings, receiver: Receiver | RawReceiver) => Connection;

let connect: Connect | undefined;
let loading: Promise<Connect> | undefined;

/** {@link loadConnect}'s result, if it is there. */
export function loadedConnect(): Connect | undefined {
  return connect;
}

/**
 * Loads memcache-client, an optional peer dependency.
 *
 * @throws InvalidConfigError if it is not installed.
 */
export function loadConnect(): Promise<Connect> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Connect> {
  try {
    connect = connectBy(await import('memcache-client'));
    return connect;
  } catch (cause) {
    loading = undefined;
    throw new InvalidConfigError('MemcachedCache needs the package memcache-client. Run: npm install memcache-client', {
      cause,
    });
  }
}

/**
 * Of the package we take what connects (TLS, keep-alive) and what reads the protocol. Its queue is left empty: that one
 * checks for timeouts every 250 ms by a timer that keeps the process alive, and reads values by its own flags.
 */
function connectBy({ MemcacheClient, MemcacheConnection }: typeof import('memcache-client')): Connect {
  type ParserPendingData = Parameters<InstanceType<typeof MemcacheConnection>['receiveResult']>[0];

  class Wire extends MemcacheConnection {
    receiver!: Receiver | RawReceiver;

    override onData(data: Buffer | undefined): void {
      const { receiver } = this;
      try {
        if ('onData' in receiver) receiver.onData(data!);
        else super.onData(data);
      } catch (error) {
        this.socket?.destroy(error as Error);
      }
    }

    override processCmd(tokens: string[]): number {
      if (tokens[0] === 'VALUE') this.initiatePending(tokens, Number(tokens[3]));
      else (this.receiver as Receiver).onLine(tokens.join(' '));
      return 1;
    }

    override receiveResult({ cmdTokens, data }: ParserPendingData): void {
      // The package's types speak of numbers.
      (this.receiver as Receiver).onValue(cmdTokens as unknown as string[], data as Buffer);
    }

    override malformCommand(): void {
      throw new Error('The server does not speak the protocol of memcached.');
    }

    override malformDataStream(): void {
      this.malformCommand();
    }
  }

  return (server, settings, receiver) => {
    const wire = new Wire(new MemcacheClient({ ...settings, server, noDelay: true } as never));
    wire.receiver = receiver;
    let cause: Error | undefined;
    let wasOpen = false;
    const note = (error: Error): void => {
      cause ??= error;
    };
    wire.connect(server).catch(note);
    const socket = wire.socket!;
    socket.unref();
    // The package takes away all listeners for errors once it is connected.
    socket.on('error', note);
    socket.once('connect', () => {
      wasOpen = true;
      socket.on('error', note);
    });
    socket.once('close', () => receiver.onLost(cause ?? new Error('The server closed the connection.'), wasOpen));
    return { socket, close: () => wire.shutdown() };
  };
}

import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { ServerProcess } from './server-process.js';

/** A server of a test's own, on loopback. */
export interface Server {
  readonly port: number;
  readonly url: string;
  /** Resolves when it is gone, where the signal ends it. It can be started again. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again at the same port, with nothing in it, after it was killed. Resolves when it answers. */
  restart(): Promise<void>;
  /** Resolves when it is gone. */
  stop(): Promise<void>;
}

/** How a kind of server is started, and asked for its process number. */
export interface Launch {
  command(port: number): readonly string[];
  pidAt(port: number): Promise<number | undefined>;
}

const TRIES = 10;
/** A cluster's nodes talk to each other at a port that is so much higher. */
const BUS_OFFSET = 10_000;
const LAST_PORT = 65_535;
const LIMIT_MS = 10_000;

/** What all kinds of servers have in common: a port that was free, and one run after the other. */
export class ServerAtPort {
  readonly port: number;
  readonly #launch: Launch;
  #process: ServerProcess;

  private constructor(port: number, launch: Launch, process: ServerProcess) {
    this.port = port;
    this.#launch = launch;
    this.#process = process;
  }

  /** Resolves when it answers. Between finding a port free and using it another may take it: then the next is tried. */
  static async start(launch: Launch): Promise<ServerAtPort> {
    for (let tries = 1; ; tries++) {
      const port = await freePort();
      const process = new ServerProcess(launch.command(port));
      try {
        await process.ready(() => launch.pidAt(port));
        return new ServerAtPort(port, launch, process);
      } catch (error) {
        if (tries === TRIES) throw error;
      }
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#process.kill(signal);
  }

  async restart(): Promise<void> {
    await this.#process.stop();
    this.#process = new ServerProcess(this.#launch.command(this.port));
    await this.#process.ready(() => this.#launch.pidAt(this.port));
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}

/**
 * Sends `text` to a port of this machine, and resolves to what is answered, in Latin-1, as soon as `isWhole` says that
 * it is all.
 *
 * @throws Error if it is not, for seconds.
 */
export async function ask(port: number, text: string, isWhole: (answer: string) => boolean): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port }).setEncoding('latin1').setTimeout(LIMIT_MS);
  socket.once('timeout', () => socket.destroy(new Error(`The server at port ${port} does not answer.`)));
  socket.write(text);
  let answer = '';
  for await (const part of socket) {
    answer += part;
    if (isWhole(answer)) return answer;
  }
  throw new Error(`The server at port ${port} ended its answer: ${JSON.stringify(answer)}.`);
}

/** A port of loopback that nobody has, nor the one that a cluster's node would have beside it. */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = await listenAt(0);
    if (port === undefined || port + BUS_OFFSET > LAST_PORT) continue;
    if ((await listenAt(port + BUS_OFFSET)) !== undefined) return port;
  }
  throw new Error('There is no free port.');
}

/** The port, which is free again; `undefined` if it is another's. */
async function listenAt(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return undefined;
  }
  const address = server.address();
  await once(server.close(), 'close');
  return typeof address === 'object' && address !== null ? address.port : undefined;
}

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Something that takes connections at a port of loopback, and does with them what it is told. */
export class FakeServer {
  readonly url: string;
  readonly port: number;
  /** How many connections it has taken. */
  accepted = 0;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.url = `redis://127.0.0.1:${this.port}`;
  }

  static async start(serve: (socket: Socket) => void): Promise<FakeServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const fake = new FakeServer(server);
    server.on('connection', (socket) => {
      fake.accepted++;
      fake.#open.add(socket);
      socket.on('close', () => fake.#open.delete(socket));
      socket.on('error', () => {});
      serve(socket);
      // Unread, the end of a connection would not be heard of.
      socket.resume();
    });
    return fake;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#open.size;
  }

  /** Ends all connections, as a network that breaks. */
  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

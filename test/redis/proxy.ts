import { connect } from 'node:net';
import { FakeServer } from './fake-server.js';

/** What stands between client and server. `answer` may change, hold back or cut what the server says. */
export function proxyTo(
  port: number,
  answer: (bytes: Buffer, cut: () => void) => Buffer | undefined = (bytes) => bytes,
): Promise<FakeServer> {
  return FakeServer.start((socket) => {
    const server = connect(port, '127.0.0.1');
    server.on('error', () => socket.destroy());
    server.on('close', () => socket.destroy());
    socket.on('close', () => server.destroy());
    socket.pipe(server);
    server.on('data', (bytes) => {
      const passed = answer(bytes, () => {
        socket.end();
        server.destroy();
      });
      if (passed !== undefined && socket.writable) socket.write(passed);
    });
  });
}

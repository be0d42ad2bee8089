import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Server } from './contract.js';

const HOST = '127.0.0.1';
const PATIENCE_MS = 10_000;

/** Nothing is written to disk; whatever the scenarios store has room. */
const ARGUMENTS: Readonly<Record<Server, (port: number) => string[]>> = {
  'redis-server': (port) => ['--port', `${port}`, '--bind', HOST, '--save', '', '--appendonly', 'no'],
  memcached: (port) => [
    ...['-l', HOST, '-p', `${port}`, '-U', '0', '-m', '2048'],
    ...(process.getuid?.() === 0 ? ['-u', 'root'] : []),
  ],
};

export interface RunningServer {
  readonly name: Server;
  readonly port: number;
  stop(): void;
}

/** Starts those that are installed, each on a free port of the loopback interface, and waits until they answer. */
export async function startServers(): Promise<RunningServer[]> {
  const names = (Object.keys(ARGUMENTS) as Server[]).filter(isInstalled);
  return Promise.all(names.map(startServer));
}

export function isInstalled(server: Server): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, server), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What the program says of itself when it is asked for its version. */
export function serverVersion(server: Server): string {
  const { stdout } = spawnSync(server, ['--version'], { encoding: 'utf8' });
  return /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? 'unknown';
}

async function startServer(name: Server): Promise<RunningServer> {
  const port = await freePort();
  const process = spawn(name, ARGUMENTS[name](port), { stdio: 'ignore', cwd: tmpdir() });
  try {
    await answering(name, process, port);
  } catch (error) {
    process.kill();
    throw error;
  }
  return { name, port, stop: () => void process.kill() };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answering(name: Server, process: ChildProcess, port: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await accepts(port))) {
    if (process.exitCode !== null || performance.now() > end) throw new Error(`${name} does not start`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, HOST);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

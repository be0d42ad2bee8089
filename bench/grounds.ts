import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Site } from './contract.js';
import { type RunningServer, startServers } from './servers.js';

const SHARED_MEMORY = '/dev/shm';
/** What the largest column needs at once: every contender has its own file. */
const ROOM = 3 * 2 ** 30;

/** What all contenders need around them: a folder for their files, and the servers. Gone when the bench ends, however. */
export class Grounds {
  readonly #folder: string;
  readonly #servers: readonly RunningServer[];
  readonly #ports: Site['ports'];
  #sites = 0;

  private constructor(folder: string, servers: readonly RunningServer[]) {
    this.#folder = folder;
    this.#servers = servers;
    this.#ports = Object.fromEntries(servers.map(({ name, port }) => [name, port]));
    process.once('exit', () => this.close());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  }

  static async open(): Promise<Grounds> {
    const parent = freeBytes(SHARED_MEMORY) >= ROOM ? SHARED_MEMORY : tmpdir();
    return new Grounds(mkdtempSync(join(parent, 'locmem-bench-')), await startServers());
  }

  /** A new place for one contender. */
  site(): Site {
    const folder = join(this.#folder, String(this.#sites++));
    mkdirSync(folder);
    return { folder, ports: this.#ports };
  }

  close(): void {
    for (const server of this.#servers) server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The room that is left on the device of a folder; none where there is no such folder. */
export function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

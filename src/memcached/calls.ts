import { getMany, remove } from './commands.js';
import type { Command, Item, Reply } from './exchange.js';
import { checkReply } from './replies.js';
import type { Server } from './server.js';
import type { ServerPool } from './server-pool.js';

/** Commands to the servers of a pool, which one cache waits for so long. */
export class Calls {
  /** Milliseconds. */
  readonly timeout: number;
  readonly #pool: ServerPool;

  constructor(pool: ServerPool, timeout: number) {
    this.#pool = pool;
    this.timeout = timeout;
  }

  get servers(): readonly Server[] {
    return this.#pool.servers;
  }

  /** Asks the server of a stored key: what is sent first is done first. */
  send(name: string, ...commands: Command[]): Promise<Reply[]> {
    return this.#pool.serverOf(name).exchange(commands, this.timeout);
  }

  /** Runs once for each server, with those of its keys. */
  async byServer<T>(
    all: readonly T[],
    nameOf: (one: T) => string,
    run: (server: Server, own: T[]) => Promise<void>,
  ): Promise<void> {
    const groups = [...this.#pool.grouped(all, nameOf)];
    await Promise.all(groups.map(([server, own]) => run(server, own)));
  }

  /** What is there under these stored keys. */
  async getMany(names: readonly string[]): Promise<Map<string, Item>> {
    const replies: Reply[] = [];
    await this.byServer(names, itself, async (server, own) => {
      replies.push(...(await server.exchange(getMany(own), this.timeout)));
    });
    return itemsIn(replies);
  }

  async deleteMany(names: readonly string[]): Promise<void> {
    await this.byServer(names, itself, async (server, own) => {
      for (const { line } of await server.exchange(own.map(remove), this.timeout)) checkReply(line);
    });
  }
}

/** The values that replies have brought, by their stored keys. @throws CacheUnavailableError */
export function itemsIn(replies: readonly Reply[]): Map<string, Item> {
  const items = new Map<string, Item>();
  for (const { items: found, line } of replies) {
    checkReply(line);
    for (const item of found) items.set(item.name, item);
  }
  return items;
}

function itself(name: string): string {
  return name;
}

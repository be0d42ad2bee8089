import type { CacheUnavailableError } from '../core/errors.js';
import { type Answered, gather } from '../core/partly-unavailable.js';
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

  /** Runs once for each server, with those of its keys. @returns why one of them did not answer, if one did not. */
  async byServer<T>(
    all: readonly T[],
    nameOf: (one: T) => string,
    run: (server: Server, own: T[]) => Promise<void>,
  ): Promise<CacheUnavailableError | undefined> {
    const { failure } = await gather(this.#pool.grouped(all, nameOf), ([server, own]) => run(server, own));
    return failure;
  }

  /** What is there under these stored keys. */
  async getMany(names: readonly string[]): Promise<Answered<readonly Item[]>> {
    const items: Item[] = [];
    const failure = await this.byServer(names, itself, async (server, own) => {
      items.push(...itemsIn(await server.exchange(getMany(own), this.timeout)));
    });
    return { answer: items, failure };
  }

  /** @returns why it was not done at one of the servers, if it was not. */
  deleteMany(names: readonly string[]): Promise<CacheUnavailableError | undefined> {
    return this.byServer(names, itself, async (server, own) => {
      for (const { line } of await server.exchange(own.map(remove), this.timeout)) checkReply(line);
    });
  }
}

/** The values that replies have brought. @throws CacheUnavailableError */
export function itemsIn(replies: readonly Reply[]): Item[] {
  for (const { line } of replies) checkReply(line);
  return replies.flatMap(({ items }) => items);
}

function itself(name: string): string {
  return name;
}

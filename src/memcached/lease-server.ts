import { LEASE_TIME, type LeaseServer } from '../load/leases.js';
import type { Calls } from './calls.js';
import { add, type Content, cas, deleteUnchanged, gets } from './commands.js';
import type { Command, Item } from './exchange.js';
import { serverTtl } from './expiry.js';
import { checkReply, isStored } from './replies.js';

/** Leases as keys of memcached: made by `add`, changed by `cas`. They end by the server's seconds, up to two later. */
export class MemcachedLeaseServer implements LeaseServer {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  async take(key: string, token: string): Promise<boolean> {
    return this.#stores(key, add(key, contentOf(token)));
  }

  async keep(key: string, token: string): Promise<boolean> {
    const own = await this.#own(key, token);
    return own !== undefined && this.#stores(key, cas(key, contentOf(token), own.unique));
  }

  async release(key: string, token: string): Promise<void> {
    const own = await this.#own(key, token);
    if (own !== undefined) await this.#stores(key, deleteUnchanged(key, own.unique));
  }

  /** Whether it is still this token's. */
  async isHeld(key: string, token: string): Promise<boolean> {
    return (await this.#own(key, token)) !== undefined;
  }

  async #own(key: string, token: string): Promise<Item | undefined> {
    const [reply] = await this.#calls.send(key, gets(key));
    checkReply(reply!.line);
    return reply!.items.find(({ bytes }) => bytes.toString() === token);
  }

  async #stores(key: string, command: Command): Promise<boolean> {
    const [reply] = await this.#calls.send(key, command);
    return isStored(reply!.line, key);
  }
}

function contentOf(token: string): Content {
  return { bytes: token, flags: 0, seconds: serverTtl(LEASE_TIME, Date.now()) };
}

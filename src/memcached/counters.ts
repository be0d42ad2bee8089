import { type Address, NotNumber } from '../core/engine.js';
import type { ValueCodec } from '../encoding/value-codec.js';
import type { Calls } from './calls.js';
import type { Changes } from './changes.js';
import { cas, get, increment } from './commands.js';
import type { Entries } from './entries.js';
import { withExpiry } from './extra-bytes.js';
import type { ServerPool } from './server-pool.js';

/** The server counts modulo 2⁶⁴. */
const SERVER_MODULUS = 2 ** 64;

/** Numbers, which the server adds to by itself where it can: digits that stay positive. The rest is read and written again. */
export class Counters {
  readonly #pool: ServerPool;
  readonly #calls: Calls;
  readonly #entries: Entries;
  readonly #changes: Changes;
  readonly #codec: ValueCodec;

  constructor(pool: ServerPool, calls: Calls, entries: Entries, changes: Changes, codec: ValueCodec) {
    this.#pool = pool;
    this.#calls = calls;
    this.#entries = entries;
    this.#changes = changes;
    this.#codec = codec;
  }

  /** The new number; `undefined` if there is none. */
  async increase(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    if (!Number.isSafeInteger(delta) || delta < 0) return this.#increaseByCas(at, delta);
    const { name } = at;
    // What the server can do by itself nobody comes between.
    const [read, added] = await this.#calls.send(name, get(name), increment(name, delta));
    if (added.line === 'NOT_FOUND') return undefined;
    if (!/^\d+$/.test(added.line)) return this.#increaseByCas(at, delta);
    const sum = Number(added.line);
    if (sum < delta) return this.#increaseByCas(at, SERVER_MODULUS);
    const [item] = read.items;
    // It was over, and nobody sees the sum; unless it was written anew in between.
    if (item !== undefined && this.#entries.hasExpired(item)) {
      const found = await this.#entries.find(name);
      if (found === undefined || !found.isLive) return undefined;
    }
    return sum;
  }

  #increaseByCas(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#pool.inTurn(at.name, () =>
      this.#changes.change<number | NotNumber | undefined>(at, undefined, async (found) => {
        const { item, extra, sealed } = found;
        const value = this.#codec.decode(sealed);
        if (value === undefined) return { result: undefined };
        if (typeof value !== 'number') return { result: new NotNumber(value) };
        const result = value + delta;
        const text = String(this.#codec.encode(result));
        const bytes = extra === undefined ? text : withExpiry(extra, extra.expires, text);
        const seconds = await this.#entries.secondsLeft(found);
        return { command: cas(at.name, { bytes, flags: item.flags, seconds }, item.unique), result };
      }),
    );
  }
}

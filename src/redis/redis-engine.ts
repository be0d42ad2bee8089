import type { CacheSettings } from '../core/cache-options.js';
import { type Address, type ChangeListener, type NewEntry, NotNumber, type Timed } from '../core/engine.js';
import { CacheUnavailableError, show, ValueTooLargeError } from '../core/errors.js';
import { warnOfUnportableKey } from '../core/keys.js';
import { beginningOf, type StoredKeys, storedKeys } from '../core/stored-keys.js';
import type { ValueCodec } from '../encoding/value-codec.js';
import type { Flights } from '../load/flights.js';
import type { FarLoadingEngine } from '../load/loading-server-cache.js';
import { Connection } from './connection.js';
import { enterPlace, leavePlace, type Place } from './place.js';
import type { RedisSettings } from './redis-options.js';
import { INCREASE, KEEP_FOR_EVER, MOVE, READ_TIMED, REMOVE_IF_UNCHANGED, run, type Script } from './scripts.js';
import { isServersWord } from './unavailable.js';
import type { Argument, Node, Reply } from './wire.js';

/** Redis takes no more (`proto-max-bulk-len`), and ends the connection of who tries. */
const LARGEST_VALUE = 512 * 1024 * 1024;
/** Milliseconds further away than that are for ever: Redis counts up to 2^63. */
const LONGEST_TTL = 2 ** 53;
const SCAN_COUNT = 1000;
/** So many entries of one call are on their way at once: a connection bears a hundred thousand, of all who ask. */
const AT_ONCE = 10_000;
/** How often a move across nodes is tried again because the entry was written meanwhile. */
const MOVES = 20;

/** Entries in Redis, or Valkey. */
export class RedisEngine implements FarLoadingEngine {
  readonly flights: Flights;
  readonly #place: Place;
  /** The place's own, which all share, or one that tells changes. */
  readonly #connection: Connection;
  readonly #settings: RedisSettings;
  readonly #cacheSettings: CacheSettings;
  readonly #codec: ValueCodec;
  readonly #decode = (reply: Reply): unknown => (Buffer.isBuffer(reply) ? this.#codec.decode(reply) : undefined);

  constructor(settings: RedisSettings, cacheSettings: CacheSettings, codec: ValueCodec, listener?: ChangeListener) {
    this.#settings = settings;
    this.#cacheSettings = cacheSettings;
    this.#codec = codec;
    this.#place = enterPlace(settings);
    this.flights = this.#place.flights;
    this.#connection = this.#place.connection;
    if (listener === undefined) return;
    const { target, commandTimeout } = settings;
    this.#connection = new Connection(target, commandTimeout, beginningOf(cacheSettings), listener);
    this.#connection.open();
  }

  follow(listener: ChangeListener): this {
    return new RedisEngine(this.#settings, this.#cacheSettings, this.#codec, listener) as this;
  }

  read({ name }: Address): Promise<unknown> {
    return this.#connection.send(name, true, ['GET', name], this.#decode, isWrongType);
  }

  async readMany(ats: readonly Address[]): Promise<unknown[]> {
    const isCluster = this.#connection.isCluster();
    if (isCluster !== false && (await isCluster)) return inShares(ats, (at) => this.read(at));
    const command = ['MGET'];
    for (const { name } of ats) command.push(name);
    const found = (await this.#send(command[1]!, true, command)) as Reply[];
    return found.map(this.#decode);
  }

  async readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    const names = ats.map(({ name }) => name);
    const found = (await this.#isCluster())
      ? (await inShares(names, (name) => this.#run(READ_TIMED, [name]))).map((reply) => (reply as Reply[])[0])
      : ((await this.#run(READ_TIMED, names)) as Reply[]);
    return ats.map((_at, i) => {
      const reply = found[i];
      if (!Array.isArray(reply)) return undefined;
      const value = this.#decode(reply[0] as Reply);
      const left = reply[1] as number;
      return value === undefined ? undefined : { value, ttl: left < 0 ? Number.POSITIVE_INFINITY : left };
    });
  }

  write(at: Address, sealed: unknown, ttl: number): Promise<void> {
    let command: Argument[];
    try {
      command = ttl <= 0 ? ['UNLINK', at.name] : this.#set(at, sealed, ttl);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#connection.send(at.name, false, command, nothing);
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number): Promise<void> {
    if (this.#place.users > 0 && ttl > 0) {
      await this.#place.connection.send(at.name, false, this.#set(at, sealed, ttl));
    }
  }

  async writeNew(at: Address, sealed: unknown, ttl: number): Promise<boolean> {
    if (ttl <= 0) return !(await this.contains(at));
    return (await this.#send(at.name, false, [...this.#set(at, sealed, ttl), 'NX'])) !== null;
  }

  /** Each with an answer of its own: MSET knows no ttl. */
  async writeMany(entries: readonly NewEntry[], ttl: number): Promise<Address[]> {
    const failed: Address[] = [];
    for (const share of sharesOf(entries)) {
      const results = await Promise.allSettled(share.map(({ at, sealed }) => this.write(at, sealed, ttl)));
      for (const [i, result] of results.entries()) {
        if (result.status === 'fulfilled') continue;
        if (!isRefusal(result.reason) && !(result.reason instanceof ValueTooLargeError)) throw result.reason;
        failed.push(share[i]!.at);
      }
    }
    return failed;
  }

  recall(): never {
    throw new Error('to be written');
  }

  renew(): never {
    throw new Error('to be written');
  }

  removeTags(): never {
    throw new Error('to be written');
  }

  async contains({ name }: Address): Promise<boolean> {
    return (await this.#send(name, true, ['EXISTS', name])) === 1;
  }

  async remove({ name }: Address): Promise<boolean> {
    return (await this.#send(name, false, ['UNLINK', name])) === 1;
  }

  async removeMany(ats: readonly Address[]): Promise<number> {
    if (await this.#isCluster()) {
      const removed = await inShares(ats, (at) => this.remove(at));
      return removed.filter((was) => was).length;
    }
    const names = ats.map(({ name }) => name);
    return (await this.#send(names[0]!, false, ['UNLINK', ...names])) as number;
  }

  async prolong(at: Address, ttl: number): Promise<boolean> {
    if (ttl <= 0) return this.remove(at);
    if (ttl >= LONGEST_TTL) return (await this.#run(KEEP_FOR_EVER, [at.name])) === 1;
    return (await this.#send(at.name, false, ['PEXPIRE', at.name, milliseconds(ttl)])) === 1;
  }

  async increase({ name }: Address, delta: number): Promise<number | NotNumber | undefined> {
    let reply: Reply;
    try {
      reply = await this.#run(INCREASE, [name], [String(delta)]);
    } catch (error) {
      if (isWrongType(error)) return new NotNumber('a value that is not of this cache');
      throw error;
    }
    if (reply === null) return undefined;
    return Array.isArray(reply) ? new NotNumber(this.#decode(reply[0] as Reply)) : Number(String(reply));
  }

  async move(from: Address, to: Address): Promise<boolean> {
    if (from.name === to.name) return this.contains(from);
    if (await this.#isCluster()) return this.#moveAcross(from, to);
    return (await this.#run(MOVE, [from.name, to.name])) === 1;
  }

  /**
   * Between nodes there is no common step: it is written there before it is removed here, if it is still the same, so
   * that nothing is lost. For a moment it stands at both.
   */
  async #moveAcross(from: Address, to: Address): Promise<boolean> {
    for (let i = 0; i < MOVES; i++) {
      const [found] = (await this.#run(READ_TIMED, [from.name])) as Reply[];
      if (!Array.isArray(found)) return false;
      const [value, left] = found as [Buffer, number];
      const expiry = left < 0 ? [] : ['PX', String(Math.max(left, 1))];
      await this.#send(to.name, false, ['SET', to.name, value, ...expiry]);
      if ((await this.#run(REMOVE_IF_UNCHANGED, [from.name], [value])) === 1) return true;
    }
    throw new CacheUnavailableError(`${show(from.key)} was written all the time while it was to be moved. Try again.`);
  }

  async removeAll(): Promise<void> {
    const nodes = await this.#connection.nodes();
    if (this.#cacheSettings.keyPrefix === '') await Promise.all(nodes.map(({ send }) => send(['FLUSHDB', 'ASYNC'])));
    else await Promise.all(nodes.map((node) => this.#removeListed(node, storedKeys(this.#cacheSettings))));
  }

  async removeUnder(head: string): Promise<void> {
    const nodes = await this.#connection.nodes();
    const keys = { beginning: head, isOurs: (name: string) => name.startsWith(head) };
    await Promise.all(nodes.map((node) => this.#removeListed(node, keys)));
  }

  /** In small steps, between which the server answers others. What was there when it began is gone when it ends. */
  async #removeListed(node: Node, keys: StoredKeys): Promise<void> {
    const isCluster = await this.#isCluster();
    let cursor = '0';
    do {
      const scan = ['SCAN', cursor, 'MATCH', patternOf(keys.beginning), 'COUNT', String(SCAN_COUNT)];
      const [next, found] = (await node.send(scan)) as [Buffer, Buffer[]];
      const ours = found.map(String).filter(keys.isOurs);
      if (isCluster) await Promise.all(ours.map((name) => node.send(['UNLINK', name])));
      else if (ours.length > 0) await node.send(['UNLINK', ...ours]);
      cursor = next.toString();
    } while (cursor !== '0');
  }

  seal(value: unknown): unknown {
    return this.#codec.encode(value);
  }

  unseal(sealed: unknown): unknown {
    return this.#codec.decode(typeof sealed === 'string' ? Buffer.from(sealed) : (sealed as Buffer));
  }

  checkName(name: string): void {
    warnOfUnportableKey(name, 0);
  }

  async close(): Promise<void> {
    await Promise.all([
      leavePlace(this.#settings, this.#place),
      this.#connection === this.#place.connection ? undefined : this.#connection.close(),
    ]);
  }

  #set({ key, name }: Address, sealed: unknown, ttl: number): Argument[] {
    const value = sealed as string | Buffer;
    // A UTF-16 unit is at most three bytes of UTF-8: most values are cleared by one comparison.
    if (value.length * 3 > LARGEST_VALUE && Buffer.byteLength(value) > LARGEST_VALUE) {
      throw new ValueTooLargeError(
        `The value of ${show(key)} takes ${Buffer.byteLength(value)} bytes; Redis takes at most ${LARGEST_VALUE}. Store less.`,
      );
    }
    return ttl >= LONGEST_TTL ? ['SET', name, value] : ['SET', name, value, 'PX', milliseconds(ttl)];
  }

  #send(key: string, isReadonly: boolean, args: Argument[]): Promise<Reply> {
    return this.#connection.send(key, isReadonly, args);
  }

  #run(script: Script, keys: readonly string[], args: readonly Argument[] = []): Promise<Reply> {
    return run((command) => this.#send(keys[0]!, false, command), script, keys, args);
  }

  #isCluster(): boolean | Promise<boolean> {
    return this.#connection.isCluster();
  }
}

function* sharesOf<T>(all: readonly T[]): Iterable<readonly T[]> {
  if (all.length <= AT_ONCE) yield all;
  else for (let from = 0; from < all.length; from += AT_ONCE) yield all.slice(from, from + AT_ONCE);
}

async function inShares<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<R[]> {
  const answers: R[][] = [];
  for (const share of sharesOf(all)) answers.push(await Promise.all(share.map(ask)));
  return answers.flat();
}

function nothing(): void {}

function milliseconds(ttl: number): string {
  return String(Math.ceil(ttl));
}

/** Whether the server answered, and said no. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof CacheUnavailableError ? error.cause : undefined;
  return cause instanceof Error && isServersWord(cause.message);
}

function isWrongType(error: unknown): boolean {
  return isRefusal(error) && /WRONGTYPE/.test(((error as Error).cause as Error).message);
}

/** A pattern of SCAN for what begins with `text`. */
function patternOf(text: string): string {
  return `${text.replace(/[\\*?[\]]/g, '\\$&')}*`;
}

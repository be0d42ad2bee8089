import type { CacheSettings } from '../core/cache-options.js';
import { type Address, type ChangeListener, type NewEntry, NotNumber, type Timed } from '../core/engine.js';
import type { EntryExtras, Lease, Recalled } from '../core/entry-extras.js';
import { CacheUnavailableError, show, ValueTooLargeError } from '../core/errors.js';
import { warnOfUnportableKey } from '../core/keys.js';
import { type Gathered, gather, whole } from '../core/partly-unavailable.js';
import { beginningOf, type StoredKeys, storedKeys } from '../core/stored-keys.js';
import { isEnvelope } from '../encoding/envelope.js';
import type { ValueCodec } from '../encoding/value-codec.js';
import type { Flights } from '../load/flights.js';
import type { FarLoadingEngine } from '../load/loading-server-cache.js';
import { Connection } from './connection.js';
import { Entries, type Found, hearingTags, LONGEST_TTL } from './entries.js';
import { INCREASE, MOVE, REMOVE } from './entry-scripts.js';
import { leaseKeyOf, leasesOf } from './lease-server.js';
import { enterPlace, leavePlace, type Place } from './place.js';
import type { RedisSettings } from './redis-options.js';
import { REMOVE_IF_UNCHANGED, run, type Script } from './scripts.js';
import { isServersWord } from './unavailable.js';
import type { Argument, Node, Reply } from './wire.js';

/** Redis takes no more (`proto-max-bulk-len`), and ends the connection of who tries. */
const LARGEST_VALUE = 512 * 1024 * 1024;
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
  readonly #entries: Entries;
  #isClosed = false;

  constructor(settings: RedisSettings, cacheSettings: CacheSettings, codec: ValueCodec, listener?: ChangeListener) {
    this.#settings = settings;
    this.#cacheSettings = cacheSettings;
    this.#codec = codec;
    this.#place = enterPlace(settings);
    this.flights = this.#place.flights;
    this.#connection = this.#place.connection;
    if (listener !== undefined) {
      const { target, commandTimeout } = settings;
      this.#connection = new Connection(
        target,
        commandTimeout,
        beginningOf(cacheSettings),
        hearingTags(listener, cacheSettings.keyPrefix),
      );
      this.#connection.open();
    }
    this.#entries = new Entries(this.#connection, cacheSettings.keyPrefix);
  }

  follow(listener: ChangeListener): this {
    return new RedisEngine(this.#settings, this.#cacheSettings, this.#codec, listener) as this;
  }

  read({ name }: Address): Promise<unknown> {
    return this.#connection.send(name, true, ['GET', name], (reply) => this.#valueOf(name, reply), isWrongType);
  }

  async readMany(ats: readonly Address[]): Promise<unknown[]> {
    const isCluster = this.#connection.isCluster();
    if (isCluster !== false && (await isCluster)) {
      const { answers, failure } = await inShares(ats, (at) => this.read(at));
      return whole(answers, failure);
    }
    const command = ['MGET'];
    for (const { name } of ats) command.push(name);
    const found = (await this.#send(command[1]!, true, command)) as Reply[];
    const withHeader = [...found.keys()].filter((i) => hasHeader(found[i]!));
    if (withHeader.length === 0) return found.map(this.#decode);
    const opened = await this.#entries.open(
      withHeader.map((i) => ats[i]!.name),
      withHeader.map((i) => found[i] as Buffer),
    );
    const values: unknown[] = found.map(this.#decode);
    for (const [i, at] of withHeader.entries()) values[at] = this.#decode(opened[i] ?? null);
    return values;
  }

  /** What has a header is looked at more closely: then it is a promise, which whoever waits adopts. */
  #valueOf(name: string, reply: Reply): unknown {
    return hasHeader(reply) ? this.#opened(name, reply as Buffer) : this.#decode(reply);
  }

  async #opened(name: string, reply: Buffer): Promise<unknown> {
    const [sealed] = await this.#entries.open([name], [reply]);
    return this.#decode(sealed ?? null);
  }

  async readTimed(ats: readonly Address[]): Promise<(Timed | undefined)[]> {
    if (await this.#isCluster()) {
      const { answers, failure } = await inShares(ats, ({ name }) => this.#entries.findOne(name));
      return whole(answers.map(this.#timed), failure);
    }
    const found = await this.#entries.find(ats.map(({ name }) => name));
    return found.map(this.#timed);
  }

  readonly #timed = (found: Found | undefined): Timed | undefined => {
    if (found === undefined || found.left <= 0) return undefined;
    const value = this.#codec.decode(found.sealed);
    return value === undefined
      ? undefined
      : { value, ttl: found.left, ...(found.envelope && { tags: found.envelope.tags }) };
  };

  write(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    if (extras !== undefined && ttl > 0) return this.#writeEntry(at, sealed, ttl, extras);
    let command: Argument[];
    try {
      command = ttl <= 0 ? ['UNLINK', at.name] : this.#set(at, sealed, ttl);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#connection.send(at.name, false, command, nothing);
  }

  async #writeEntry(at: Address, sealed: unknown, ttl: number, extras: EntryExtras): Promise<void> {
    await this.#entries.store(at.name, this.#checked(at, sealed), ttl, { extras });
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    await this.storeLoaded(at, sealed, ttl, extras);
  }

  async storeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    if (this.#place.users === 0) return false;
    // Over our own connection what we store ourselves is not told us as another's.
    const connection = this.#isClosed ? this.#place.connection : this.#connection;
    const lease = this.#place.leases.of(at.name);
    if (ttl <= 0) {
      await connection.send(at.name, false, ['UNLINK', at.name]);
      return true;
    }
    if (extras === undefined && lease === undefined) {
      await connection.send(at.name, false, this.#set(at, sealed, ttl));
      return true;
    }
    const entries = this.#isClosed ? new Entries(connection, this.#cacheSettings.keyPrefix) : this.#entries;
    return entries.store(at.name, this.#checked(at, sealed), ttl, { extras, lease });
  }

  /** What is stale stands in nobody's way, and only then more than one step is needed. */
  async writeNew(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    if (ttl <= 0) return !(await this.contains(at));
    if (extras === undefined) {
      if ((await this.#send(at.name, false, [...this.#set(at, sealed, ttl), 'NX'])) !== null) return true;
      const first = await this.#firstByte(at.name);
      if (first === undefined || !isEnvelope(first)) return false;
    }
    return this.#entries.store(at.name, this.#checked(at, sealed), ttl, { extras, isNew: true });
  }

  /** Each with an answer of its own: MSET knows no ttl. */
  async writeMany(entries: readonly NewEntry[], ttl: number, extras?: EntryExtras): Promise<Address[]> {
    const failed: Address[] = [];
    let failure: CacheUnavailableError | undefined;
    for (const share of sharesOf(entries)) {
      const results = await Promise.allSettled(share.map(({ at, sealed }) => this.write(at, sealed, ttl, extras)));
      for (const [i, result] of results.entries()) {
        if (result.status === 'fulfilled') continue;
        const { reason } = result;
        if (!(reason instanceof ValueTooLargeError)) {
          if (!(reason instanceof CacheUnavailableError)) throw reason;
          if (!isRefusal(reason)) failure ??= reason;
        }
        failed.push(share[i]!.at);
      }
    }
    return whole(failed, failure);
  }

  async recall({ name }: Address): Promise<Recalled | undefined> {
    const found = await this.#entries.findOne(name);
    const value = found && this.#codec.decode(found.sealed);
    if (found === undefined || value === undefined) return undefined;
    const { left, envelope } = found;
    return { value, left, loadTime: envelope?.loadTime ?? 0, tags: envelope?.tags ?? [] };
  }

  renew({ name }: Address, ttl: number, staleFor: number): Promise<boolean> {
    return this.#entries.renew(name, ttl, staleFor);
  }

  removeTags(tags: readonly string[]): Promise<void> {
    return this.#entries.removeTags(tags);
  }

  async takeLease({ name }: Address): Promise<Lease | undefined> {
    const isCluster = await this.#isCluster();
    const key = leaseKeyOf(name, this.#cacheSettings.keyPrefix, isCluster);
    // On a cluster nobody could see lease and entry at once: then every process has its own.
    if (key === undefined) return { release() {} };
    const { leases, leaseServer } = this.#place;
    return leases.take(name, key, leaseServer);
  }

  /** The keys of the leases of these entries, for who puts an end to them; where there is none, that of the entry itself. */
  #leaseKeys(names: readonly string[], isCluster: boolean): string[] {
    return names.map((name) => leaseKeyOf(name, this.#cacheSettings.keyPrefix, isCluster) ?? name);
  }

  async contains({ name }: Address): Promise<boolean> {
    const first = await this.#firstByte(name);
    if (first === undefined || !isEnvelope(first)) return first !== undefined;
    const found = await this.#entries.findOne(name);
    return found !== undefined && found.left > 0;
  }

  /** Of what is there; `undefined` if nothing is. A value that is not of this cache has one, whatever it is. */
  async #firstByte(name: string): Promise<Buffer | undefined> {
    try {
      const first = (await this.#send(name, true, ['GETRANGE', name, '0', '0'])) as Buffer;
      return first.length === 0 ? undefined : first;
    } catch (error) {
      if (isWrongType(error)) return Buffer.alloc(1);
      throw error;
    }
  }

  async remove({ name }: Address): Promise<boolean> {
    return (await this.#remove([name], await this.#isCluster())) === 1;
  }

  async removeMany(ats: readonly Address[]): Promise<number> {
    if (await this.#isCluster()) {
      const { answers, failure } = await inShares(ats, (at) => this.remove(at));
      return whole(answers.filter((was) => was).length, failure);
    }
    const names = ats.map(({ name }) => name);
    return this.#remove(names, false);
  }

  async #remove(names: readonly string[], isCluster: boolean): Promise<number> {
    return (await this.#entries.judged(REMOVE, [...names, ...this.#leaseKeys(names, isCluster)], [])) as number;
  }

  async prolong(at: Address, ttl: number): Promise<boolean> {
    return ttl <= 0 ? this.remove(at) : this.#entries.prolong(at.name, ttl);
  }

  async increase({ name }: Address, delta: number): Promise<number | NotNumber | undefined> {
    let reply: Reply;
    try {
      reply = await this.#entries.judged(INCREASE, [name], [String(delta)]);
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
    const names = [from.name, to.name];
    return (await this.#entries.judged(MOVE, [...names, ...this.#leaseKeys(names, false)], [])) === 1;
  }

  /**
   * Between nodes there is no common step: it is written there before it is removed here, if it is still the same, so
   * that nothing is lost. For a moment it stands at both.
   */
  async #moveAcross(from: Address, to: Address): Promise<boolean> {
    const { keyPrefix } = this.#cacheSettings;
    const leases = [from, to].map(({ name }) => leaseKeyOf(name, keyPrefix, true));
    await Promise.all(leases.map((key) => key !== undefined && this.#send(key, false, ['UNLINK', key])));
    for (let i = 0; i < MOVES; i++) {
      const found = await this.#entries.findOne(from.name);
      if (found === undefined || found.left <= 0) return false;
      const { bytes, keyLeft } = found;
      const expiry = keyLeft === Number.POSITIVE_INFINITY ? [] : ['PX', String(Math.max(keyLeft, 1))];
      await this.#send(to.name, false, ['SET', to.name, bytes, ...expiry]);
      if ((await this.#run(REMOVE_IF_UNCHANGED, [from.name], [bytes])) === 1) return true;
    }
    throw new CacheUnavailableError(`${show(from.key)} was written all the time while it was to be moved. Try again.`);
  }

  async removeAll(): Promise<void> {
    const nodes = await this.#connection.nodes();
    if (this.#cacheSettings.keyPrefix === '') await Promise.all(nodes.map(({ send }) => send(['FLUSHDB', 'ASYNC'])));
    else {
      const keys = storedKeys(this.#cacheSettings);
      await this.#removeLeases(nodes, keys);
      await Promise.all(nodes.map((node) => this.#removeListed(node, keys)));
    }
  }

  async removeUnder(head: string): Promise<void> {
    const nodes = await this.#connection.nodes();
    const keys = { beginning: head, isOurs: (name: string) => name.startsWith(head) };
    await this.#removeLeases(nodes, keys);
    await Promise.all(nodes.map((node) => this.#removeListed(node, keys)));
  }

  /** Before the entries: no run of any process that is under way stores any more. */
  async #removeLeases(nodes: readonly Node[], keys: StoredKeys): Promise<void> {
    const leases = leasesOf(keys, this.#cacheSettings.keyPrefix);
    await Promise.all(nodes.map((node) => this.#removeListed(node, leases)));
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
    this.#isClosed = true;
    await Promise.all([
      leavePlace(this.#settings, this.#place),
      this.#connection === this.#place.connection ? undefined : this.#connection.close(),
    ]);
  }

  #set(at: Address, sealed: unknown, ttl: number): Argument[] {
    const value = this.#checked(at, sealed);
    return ttl >= LONGEST_TTL ? ['SET', at.name, value] : ['SET', at.name, value, 'PX', milliseconds(ttl)];
  }

  #checked({ key }: Address, sealed: unknown): string | Buffer {
    const value = sealed as string | Buffer;
    // A UTF-16 unit is at most three bytes of UTF-8: most values are cleared by one comparison.
    if (value.length * 3 > LARGEST_VALUE && Buffer.byteLength(value) > LARGEST_VALUE) {
      throw new ValueTooLargeError(
        `The value of ${show(key)} takes ${Buffer.byteLength(value)} bytes; Redis takes at most ${LARGEST_VALUE}. Store less.`,
      );
    }
    return value;
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

async function inShares<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<Gathered<R>> {
  const shares: Gathered<R>[] = [];
  for (const share of sharesOf(all)) shares.push(await gather(share, ask));
  return {
    answers: shares.flatMap(({ answers }) => answers),
    failure: shares.find(({ failure }) => failure !== undefined)?.failure,
  };
}

function hasHeader(reply: Reply): boolean {
  return Buffer.isBuffer(reply) && isEnvelope(reply);
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

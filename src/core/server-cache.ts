import type { Entries } from './cache.js';
import type { CacheSettings } from './cache-options.js';
import { type Expiry, type GetOptions, readGetVersion, type VersionOptions } from './call-options.js';
import { CallReader, checkDelta, checkStorable, notFound, notNumber, pairs, uniqueKeys } from './call-reader.js';
import { CANNOT_LIST, type ClearsUnder, cannotClearUnder, clearUnder, HAS_KEY_FUNCTION } from './clear-under.js';
import { cleared, deleted, failed, hit, miss, type Operation, set, tell } from './diagnostics.js';
import { type Address, type Engine, type NewEntry, NotNumber } from './engine.js';
import type { EntryExtras } from './entry-extras.js';
import { CacheClosedError, CacheUnavailableError, InvalidKeyError, show } from './errors.js';
import { checkKey, checkVersion, defaultKeyFunction, storedKey } from './keys.js';
import { PartlyUnavailableError } from './partly-unavailable.js';
import type { CacheStats } from './stats.js';
import { checkTag, readDeletedTags, readExtras } from './tags.js';
import type { Ttl } from './ttl.js';

/**
 * Not an object literal: of those the engine learns, in a burst of calls, that they live long, and from then on puts each
 * where only a full collection looks.
 */
class Named implements Address {
  readonly key: string;
  readonly version: number;
  readonly name: string;

  constructor(key: string, version: number, name: string) {
    this.key = key;
    this.version = version;
    this.name = name;
  }
}

/** The settings, the engine and the way of failing of a cache, for the one that is put in front of it. */
export let settingsOf: (cache: ServerCache) => CacheSettings;
export let engineOf: (cache: ServerCache) => Engine;
export let failsOpenOf: (cache: ServerCache) => boolean;

/**
 * The calls of a cache whose entries are kept outside the process, derived from its {@link Engine}.
 *
 * All arguments are checked before the first byte is sent. Where the server does not answer, a call rejects with
 * `CacheUnavailableError`; with `failOpen` it goes on as if nothing were stored.
 */
export abstract class ServerCache extends CallReader implements ClearsUnder {
  static {
    settingsOf = (cache) => cache.settings;
    engineOf = (cache) => cache.engine;
    failsOpenOf = (cache) => cache.#failsOpen;
  }

  protected readonly engine: Engine;
  readonly #failsOpen: boolean;
  #isOpen = true;
  #hits = 0;
  #misses = 0;
  #sets = 0;
  #deletes = 0;
  #errors = 0;
  #invalid = 0;
  /** Made once: reads are the calls of which there are most. */
  readonly #readAnswered = (value: unknown): unknown => {
    this.#countRead(value !== undefined);
    return value;
  };
  readonly #readFailed = (error: unknown): undefined => {
    this.#failed(error);
    this.#countRead(false);
  };

  protected constructor(settings: CacheSettings, engine: Engine, failsOpen: boolean) {
    super(settings);
    this.engine = engine;
    this.#failsOpen = failsOpen;
  }

  get<T = unknown>(key: string, options?: VersionOptions): Promise<T | undefined>;
  get<T = unknown>(key: string, options: GetOptions<null> & { default: null }): Promise<T | null>;
  get<T = unknown, D = T>(key: string, options: GetOptions<D> & { default: D }): Promise<T | D>;
  async get(key: string, options?: GetOptions<unknown>): Promise<unknown> {
    const { version } = this.settings;
    const at = this.address(key, options === undefined ? version : readGetVersion(options, version));
    const value = await this.readCounted('get', at);
    return value === undefined ? options?.default : value;
  }

  async set(key: string, value: unknown, options?: Expiry): Promise<void> {
    const at = this.address(key, this.entryVersion('set', options));
    const ttl = this.entryTtl(options);
    const extras = readExtras(options);
    await this.writeCounted('set', at, this.sealed(value), ttl, extras);
  }

  async add(key: string, value: unknown, options?: Expiry): Promise<boolean> {
    const at = this.address(key, this.entryVersion('add', options));
    const ttl = this.entryTtl(options);
    const extras = readExtras(options);
    const sealed = this.sealed(value);
    const added = await this.#change('add', [at], () => this.engine.writeNew(at, sealed, ttl, extras), false);
    if (added) this.#countSet('add', at, ttl);
    return added;
  }

  async getMany<T = unknown>(keys: Iterable<string>, options?: VersionOptions): Promise<Map<string, T>> {
    const ats = this.addresses('getMany', keys, this.versionOf('getMany', options));
    return (await this.readManyCounted('getMany', ats)) as Map<string, T>;
  }

  async setMany(entries: Entries, options?: Expiry): Promise<string[]> {
    const version = this.entryVersion('setMany', options);
    const ttl = this.entryTtl(options);
    const extras = readExtras(options);
    this.checkOpen();
    const sealed = new Map<string, NewEntry>();
    for (const [key, value] of pairs('setMany takes', entries)) {
      const at = this.address(key, version);
      sealed.set(at.name, { at, sealed: this.sealed(value) });
    }
    const all = [...sealed.values()];
    if (all.length === 0) return [];
    const ats = all.map(({ at }) => at);
    const refused = await this.#change('setMany', ats, () => this.engine.writeMany(all, ttl, extras), ats);
    this.#countSets('setMany', ats, refused, ttl);
    return refused.map(({ key }) => key);
  }

  async has(key: string, options?: VersionOptions): Promise<boolean> {
    const at = this.address(key, this.versionOf('has', options));
    return this.orElse('has', this.engine.contains(at), false);
  }

  async delete(key: string, options?: VersionOptions): Promise<boolean> {
    const at = this.address(key, this.versionOf('delete', options));
    const removed = await this.#change('delete', [at], () => this.engine.remove(at), false);
    if (removed) {
      this.#deletes++;
      if (deleted.hasSubscribers) tell(deleted, this.eventOf('delete'), at.key, at.version);
    }
    return removed;
  }

  async deleteMany(keys: Iterable<string>, options?: VersionOptions): Promise<number> {
    const asked = this.addresses('deleteMany', keys, this.versionOf('deleteMany', options));
    const ats = [...new Map(asked.map((at) => [at.name, at])).values()];
    if (ats.length === 0) return 0;
    const removed = await this.#change('deleteMany', ats, () => this.engine.removeMany(ats), 0);
    this.#deletes += removed;
    return removed;
  }

  async touch(key: string, ttl?: Ttl, options?: VersionOptions): Promise<boolean> {
    const at = this.address(key, this.versionOf('touch', options));
    return this.orElse('touch', this.engine.prolong(at, this.ttlOf(ttl)), false);
  }

  async incr(key: string, delta = 1, options?: VersionOptions): Promise<number> {
    const at = this.address(key, this.versionOf('incr', options));
    checkDelta(delta);
    const value = await this.orElse('incr', this.engine.increase(at, delta), undefined);
    if (value === undefined) throw notFound(key, at.version);
    if (value instanceof NotNumber) throw notNumber(key, value.value);
    return value;
  }

  async decr(key: string, delta = 1, options?: VersionOptions): Promise<number> {
    checkDelta(delta);
    return this.incr(key, -delta, options);
  }

  async incrVersion(key: string, delta = 1, options?: VersionOptions): Promise<number> {
    const from = this.address(key, this.versionOf('incrVersion', options));
    checkVersion(delta);
    const target = from.version + delta;
    checkVersion(target);
    const to = this.address(key, target);
    const isMoved = await this.#change('incrVersion', [from, to], () => this.engine.move(from, to), false);
    if (!isMoved) throw notFound(key, from.version);
    return target;
  }

  async decrVersion(key: string, delta = 1, options?: VersionOptions): Promise<number> {
    checkVersion(delta);
    return this.incrVersion(key, -delta, options);
  }

  async clear(): Promise<void> {
    this.checkOpen();
    const clear = async () => {
      await this.engine.removeAll();
      if (cleared.hasSubscribers) cleared.publish({ ...this.eventOf('clear'), tags: undefined });
    };
    await this.#change('clear', undefined, clear, undefined);
  }

  async deleteTag(tag: string): Promise<void> {
    checkTag(tag);
    await this.#deleteTags([tag]);
  }

  async deleteTags(tags: Iterable<string>): Promise<void> {
    await this.#deleteTags(readDeletedTags(tags));
  }

  async [clearUnder](head: string): Promise<void> {
    this.checkOpen();
    const { keyFunction, keyPrefix, version } = this.settings;
    if (keyFunction !== defaultKeyFunction) throw cannotClearUnder(head, HAS_KEY_FUNCTION);
    if (this.engine.removeUnder === undefined) throw cannotClearUnder(head, CANNOT_LIST);
    const start = keyFunction(head, keyPrefix, version);
    await this.#change('clear', undefined, async () => this.engine.removeUnder?.(start), undefined);
  }

  /** Counts of this cache alone: what other processes do with the same entries is not known here. */
  async stats(): Promise<CacheStats> {
    this.checkOpen();
    return {
      hits: this.#hits,
      misses: this.#misses,
      sets: this.#sets,
      deletes: this.#deletes,
      evictions: undefined,
      expirations: undefined,
      entries: undefined,
      bytes: undefined,
      errors: this.#errors,
      ...(this.#invalid > 0 && { invalid: this.#invalid }),
    };
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.engine.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** These entries, or all under the cache's prefix, were stored or removed, or are about to be. */
  protected abstract changed(ats: readonly Address[] | undefined): void;
  /** The same of all under the cache's prefix that have one of these tags. */
  protected abstract tagsChanged(tags: readonly string[]): void;
  /** What must be there before such a change is sent: what runs are storing. `undefined` where they store nothing. */
  protected abstract stored(ats: readonly Address[] | undefined): Promise<unknown> | undefined;

  /** @throws TypeError, InvalidKeyError or CacheClosedError */
  protected address(key: string, version: number): Address {
    this.checkOpen();
    checkKey(key);
    const { keyFunction, keyPrefix } = this.settings;
    const name = storedKey(keyFunction, key, keyPrefix, version);
    if (!name.isWellFormed()) {
      throw new InvalidKeyError(
        `The key ${show(key)} has a lone surrogate, which UTF-8 cannot carry to a server. Encode it, or leave it out.`,
      );
    }
    this.engine.checkName(name);
    return new Named(key, version, name);
  }

  protected readCounted(operation: Operation, at: Address): Promise<unknown> {
    const near = this.near(at);
    if (near !== undefined) {
      this.countRead(operation, at, true);
      return Promise.resolve(near);
    }
    return this.answerCounted(operation, at, this.engine.read(at));
  }

  /** What is at hand of the entry, where the engine need not be asked. */
  protected near(_at: Address): unknown {
    return undefined;
  }

  /** @param isTold whether who listens is told of the read: not where a schema is to be asked yet. */
  protected answerCounted(
    operation: Operation,
    at: Address,
    answer: Promise<unknown>,
    isTold = true,
  ): Promise<unknown> {
    if (hit.hasSubscribers || miss.hasSubscribers || failed.hasSubscribers) {
      return this.#answerTold(operation, at, answer, isTold);
    }
    return answer.then(this.#readAnswered, this.#readFailed);
  }

  async #answerTold(operation: Operation, at: Address, answer: Promise<unknown>, isTold: boolean): Promise<unknown> {
    const value = await this.orElse(operation, answer, undefined);
    this.#countRead(value !== undefined);
    if (isTold) this.tellRead(operation, at, value !== undefined);
    return value;
  }

  /** A read that the engine was asked for otherwise. */
  protected countRead(operation: Operation, at: Address, isHit: boolean, isTold = true): void {
    this.#countRead(isHit);
    if (isTold) this.tellRead(operation, at, isHit);
  }

  protected countHit(): void {
    this.#hits++;
  }

  #countRead(isHit: boolean): void {
    if (isHit) this.#hits++;
    else this.#misses++;
  }

  protected tellRead(operation: Operation, { key, version }: Address, isHit: boolean): void {
    const channel = isHit ? hit : miss;
    if (channel.hasSubscribers) tell(channel, this.eventOf(operation), key, version);
  }

  /** What was read is no value as the caller wants it. @param isHit whether it was counted as a hit, which it is not. */
  protected countInvalid(isHit: boolean): void {
    this.#invalid++;
    if (!isHit) return;
    this.#hits--;
    this.#misses++;
  }

  /** Those that are there, by key, in the order asked. */
  protected async readManyCounted(
    operation: Operation,
    ats: readonly Address[],
    isTold = true,
  ): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>();
    if (ats.length === 0) return found;
    const values = await this.orElse(operation, this.engine.readMany(ats), []);
    for (const [i, at] of ats.entries()) {
      const value = values[i];
      if (value !== undefined) found.set(at.key, value);
      if (isTold) this.tellRead(operation, at, value !== undefined);
    }
    this.#hits += found.size;
    this.#misses += ats.length - found.size;
    return found;
  }

  /** Those that were not stored. */
  protected async writeManyCounted(
    operation: Operation,
    entries: readonly NewEntry[],
    ttl: number,
    extras?: EntryExtras,
  ): Promise<Address[]> {
    const ats = entries.map(({ at }) => at);
    const refused = await this.orElse(operation, this.engine.writeMany(entries, ttl, extras), ats);
    this.#countSets(operation, ats, refused, ttl);
    return refused;
  }

  protected async writeCounted(
    operation: Operation,
    at: Address,
    sealed: unknown,
    ttl: number,
    extras?: EntryExtras,
  ): Promise<void> {
    const write = () => this.countedSet(operation, at, ttl, this.engine.write(at, sealed, ttl, extras));
    await this.#change(operation, [at], write, undefined);
  }

  /**
   * Changes these entries, or all. Runs of them are overruled before, so that none writes after this, and again when it
   * is done; what one is writing already goes first, as it may be on its way over another connection.
   *
   * @param tags of all entries those with one of these: which that are of those being stored is not known.
   */
  async #change<T>(
    operation: Operation,
    ats: readonly Address[] | undefined,
    change: () => Promise<T>,
    fallback: T,
    tags?: readonly string[],
  ): Promise<T> {
    this.#overrule(ats, tags);
    const stored = this.stored(ats);
    if (stored !== undefined) await stored;
    const result = await this.orElse(operation, change(), fallback);
    this.#overrule(ats, tags);
    return result;
  }

  #overrule(ats: readonly Address[] | undefined, tags: readonly string[] | undefined): void {
    if (tags === undefined) this.changed(ats);
    else this.tagsChanged(tags);
  }

  protected async countedSet(operation: Operation, at: Address, ttl: number, writing: Promise<void>): Promise<void> {
    await writing;
    this.#countSet(operation, at, ttl);
  }

  #countSet(operation: Operation, { key, version }: Address, ttl: number): void {
    this.#sets++;
    if (set.hasSubscribers) tell(set, this.eventOf(operation), key, version, { ttl });
  }

  #countSets(operation: Operation, ats: readonly Address[], refused: readonly Address[], ttl: number): void {
    const left = new Set(refused);
    for (const at of ats) if (!left.has(at)) this.#countSet(operation, at, ttl);
  }

  protected sealed(value: unknown): unknown {
    checkStorable(value);
    return this.engine.seal(value);
  }

  /** The result; where the server does not answer and this cache fails open, what others answered, or `fallback`. */
  protected async orElse<T>(operation: Operation, answer: Promise<T>, fallback: T): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      this.#failed(error, operation);
      return error instanceof PartlyUnavailableError ? (error.answered as T) : fallback;
    }
  }

  /** Counts a server that does not answer. @throws the error, unless it is that and this cache fails open. */
  #failed(error: unknown, operation?: Operation): void {
    if (!(error instanceof CacheUnavailableError)) throw error;
    this.#errors++;
    if (operation !== undefined && failed.hasSubscribers) {
      failed.publish({ ...this.eventOf(operation), error, isHidden: this.#failsOpen });
    }
    if (!this.#failsOpen) throw error;
  }

  protected get isOpen(): boolean {
    return this.#isOpen;
  }

  protected checkOpen(): void {
    if (!this.#isOpen) {
      throw new CacheClosedError(
        `This ${this.constructor.name} was closed. Make a new one, or close it when nobody uses it any more.`,
      );
    }
  }

  async #deleteTags(tags: readonly string[]): Promise<void> {
    this.checkOpen();
    if (tags.length === 0) return;
    const removeTags = async () => {
      await this.engine.removeTags(tags);
      if (cleared.hasSubscribers) cleared.publish({ ...this.eventOf('deleteTags'), tags });
    };
    await this.#change('deleteTags', undefined, removeTags, undefined, tags);
  }

  protected addresses(call: string, keys: Iterable<string>, version: number): Address[] {
    this.checkOpen();
    return Array.from(uniqueKeys(call, keys), (key) => this.address(key, version));
  }
}

import type { CacheSettings } from './cache-options.js';
import { CallReader, checkStorable, uniqueKeys } from './call-reader.js';
import { failed, hit, miss, type Operation, set, tell } from './diagnostics.js';
import type { Address, Engine, NewEntry } from './engine.js';
import type { EntryExtras } from './entry-extras.js';
import { CacheClosedError, CacheUnavailableError, InvalidKeyError, show } from './errors.js';
import { checkKey, storedKey } from './keys.js';
import { PartlyUnavailableError } from './partly-unavailable.js';
import type { CacheStats } from './stats.js';

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

/** The engine and the way of failing of a cache, for the one that is put in front of it. */
export let engineOf: (cache: EngineCaller) => Engine;
export let failsOpenOf: (cache: EngineCaller) => boolean;

/**
 * How a cache asks its {@link Engine}: for what its calls were given, counted, told to who listens, and failing as the
 * cache is to fail. Where the server does not answer, that is with `CacheUnavailableError`; with `failOpen` it goes on as
 * if nothing were stored.
 */
export abstract class EngineCaller extends CallReader {
  static {
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

  protected countDeleted(count: number): void {
    this.#deletes += count;
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
    this.countSets(operation, ats, refused, ttl);
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
    await this.change(operation, [at], write, undefined);
  }

  /**
   * Changes these entries, or all. Runs of them are overruled before, so that none writes after this, and again when it
   * is done; what one is writing already goes first, as it may be on its way over another connection.
   *
   * @param tags of all entries those with one of these: which that are of those being stored is not known.
   */
  protected async change<T>(
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
    this.countSet(operation, at, ttl);
  }

  protected countSet(operation: Operation, { key, version }: Address, ttl: number): void {
    this.#sets++;
    if (set.hasSubscribers) tell(set, this.eventOf(operation), key, version, { ttl });
  }

  protected countSets(operation: Operation, ats: readonly Address[], refused: readonly Address[], ttl: number): void {
    const left = new Set(refused);
    for (const at of ats) if (!left.has(at)) this.countSet(operation, at, ttl);
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

  protected addresses(call: string, keys: Iterable<string>, version: number): Address[] {
    this.checkOpen();
    return Array.from(uniqueKeys(call, keys), (key) => this.address(key, version));
  }
}

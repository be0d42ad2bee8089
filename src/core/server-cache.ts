import type { Entries } from './cache.js';
import type { CacheSettings } from './cache-options.js';
import { type Expiry, type GetOptions, readGetVersion, type VersionOptions } from './call-options.js';
import { checkDelta, notFound, notNumber, pairs } from './call-reader.js';
import { CANNOT_LIST, type ClearsUnder, cannotClearUnder, clearUnder, HAS_KEY_FUNCTION } from './clear-under.js';
import { cleared, deleted, tell } from './diagnostics.js';
import { type NewEntry, NotNumber } from './engine.js';
import { EngineCaller } from './engine-caller.js';
import { checkVersion, defaultKeyFunction } from './keys.js';
import { checkTag, readDeletedTags, readExtras } from './tags.js';
import type { Ttl } from './ttl.js';

/** The settings of a cache, for the one that is put in front of it. */
export let settingsOf: (cache: ServerCache) => CacheSettings;

/**
 * The calls of a cache whose entries are kept outside the process, derived from its {@link Engine}.
 *
 * All arguments are checked before the first byte is sent.
 */
export abstract class ServerCache extends EngineCaller implements ClearsUnder {
  static {
    settingsOf = (cache) => cache.settings;
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
    const added = await this.change('add', [at], () => this.engine.writeNew(at, sealed, ttl, extras), false);
    if (added) this.countSet('add', at, ttl);
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
    const refused = await this.change('setMany', ats, () => this.engine.writeMany(all, ttl, extras), ats);
    this.countSets('setMany', ats, refused, ttl);
    return refused.map(({ key }) => key);
  }

  async has(key: string, options?: VersionOptions): Promise<boolean> {
    const at = this.address(key, this.versionOf('has', options));
    return this.orElse('has', this.engine.contains(at), false);
  }

  async delete(key: string, options?: VersionOptions): Promise<boolean> {
    const at = this.address(key, this.versionOf('delete', options));
    const removed = await this.change('delete', [at], () => this.engine.remove(at), false);
    if (removed) {
      this.countDeleted(1);
      if (deleted.hasSubscribers) tell(deleted, this.eventOf('delete'), at.key, at.version);
    }
    return removed;
  }

  async deleteMany(keys: Iterable<string>, options?: VersionOptions): Promise<number> {
    const asked = this.addresses('deleteMany', keys, this.versionOf('deleteMany', options));
    const ats = [...new Map(asked.map((at) => [at.name, at])).values()];
    if (ats.length === 0) return 0;
    const removed = await this.change('deleteMany', ats, () => this.engine.removeMany(ats), 0);
    this.countDeleted(removed);
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
    const isMoved = await this.change('incrVersion', [from, to], () => this.engine.move(from, to), false);
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
    await this.change('clear', undefined, clear, undefined);
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
    await this.change('clear', undefined, async () => this.engine.removeUnder?.(start), undefined);
  }

  async #deleteTags(tags: readonly string[]): Promise<void> {
    this.checkOpen();
    if (tags.length === 0) return;
    const removeTags = async () => {
      await this.engine.removeTags(tags);
      if (cleared.hasSubscribers) cleared.publish({ ...this.eventOf('deleteTags'), tags });
    };
    await this.change('deleteTags', undefined, removeTags, undefined, tags);
  }
}

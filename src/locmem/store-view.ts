import type { CoarseClock } from '../core/clock.js';
import type { EntryExtras, Recalled } from '../core/entry-extras.js';
import { checkKey } from '../core/keys.js';
import { unsealCopy } from '../core/snapshot.js';
import type { CacheStats } from '../core/stats.js';
import { tellDepartures } from './departures.js';
import { checkedSize, checkFits, estimateEntrySize, estimateTagsSize } from './entry-size.js';
import type { KeyNames } from './key-names.js';
import type { Keyspace, Namespace } from './keyspaces.js';
import type { Store } from './store.js';

/**
 * What one cache sees of a store, from when it opens it: the entries under its prefix, by their keys and versions, read
 * by its own clock. Here is what a call of the cache means to the store; what it means to the caller is decided above.
 */
export class StoreView {
  readonly store: Store;
  readonly clock: CoarseClock;
  readonly keyspace: Keyspace;
  /** Of the cache's own version: pinned, until the cache is closed. */
  readonly namespace: Namespace;
  readonly #version: number;
  readonly #names: KeyNames;
  readonly #sizeOf: ((value: unknown, key: string) => number) | undefined;
  readonly #isByReference: boolean;
  #isClosed = false;

  constructor(
    store: Store,
    clock: CoarseClock,
    names: KeyNames,
    version: number,
    sizeOf: ((value: unknown, key: string) => number) | undefined,
  ) {
    this.store = store;
    this.clock = clock;
    this.keyspace = store.keyspaces.keyspace(names.prefix, names.isRaw);
    this.namespace = store.namespaceAt(this.keyspace, version);
    this.namespace.pins++;
    this.#version = version;
    this.#names = names;
    this.#sizeOf = sizeOf;
    this.#isByReference = store.settings.values === 'reference';
  }

  /** The cache is closed: only a run that began before may still write. */
  close(): void {
    this.namespace.pins--;
    this.#isClosed = true;
  }

  *keys(version: number): IterableIterator<string> {
    const { store } = this;
    const namespace = this.#namespaceOf(version);
    if (namespace === undefined) return;
    for (const [key, slot] of namespace.table) {
      if (store.isLiveAt(slot, this.clock) && store.ownerOf(slot) === namespace) yield key;
    }
  }

  stats(): CacheStats {
    const { store } = this;
    const stale = store.removeExpired(this.clock.now());
    if (store.departures !== undefined) tellDepartures(store);
    return {
      hits: store.hits,
      misses: store.misses,
      sets: store.sets,
      deletes: store.deletes,
      evictions: store.evictions,
      expirations: store.expirations,
      entries: store.count - stale,
      bytes: store.isSized ? store.size : undefined,
    };
  }

  read(key: string, version: number): unknown {
    const name = this.#names.ofChecked(key, version);
    const value = this.store.hit(this.#tableOf(version), name, this.clock);
    if (value === undefined) this.countMiss(key, name, version);
    return this.unseal(value);
  }

  countMiss(key: string, name: string, version: number): void {
    this.#checkMissedKey(key, name, version);
    this.store.misses++;
  }

  recall(key: string, version: number): Recalled | undefined {
    const { store } = this;
    const slot = this.#findStale(key, version);
    if (slot === 0) {
      store.misses++;
      return undefined;
    }
    const found = this.#recallSlot(slot);
    if (found.left > 0) {
      store.hits++;
      store.policy.hit(slot);
    } else store.misses++;
    return found;
  }

  lookAgain(key: string, version: number): Recalled | undefined {
    const slot = this.#findStale(key, version);
    return slot === 0 ? undefined : this.#recallSlot(slot);
  }

  contains(key: string, version: number): boolean {
    const slot = this.#find(key, version);
    if (slot !== 0) this.store.policy.hit(slot);
    return slot !== 0;
  }

  /** Whether there is a live entry, which stays as it is. */
  isLive(key: string, version: number): boolean {
    return this.store.isLive(this.#tableOf(version), this.#names.of(key, version), this.clock);
  }

  write(key: string, sealed: unknown, ttl: number, version: number, extras: EntryExtras | undefined): void {
    const { store } = this;
    const size = this.#sizeOfEntry(sealed, key, extras);
    const name = this.#names.of(key, version);
    const isPinned = version === this.#version && !this.#isClosed;
    const namespace = isPinned ? this.namespace : store.namespaceAt(this.keyspace, version);
    let isNew = true;
    if (ttl > 0) isNew = store.set(namespace, name, sealed, ttl, size, this.clock, extras);
    else {
      // Stored, and expired at once.
      const slot = store.find(namespace.table, name, this.clock);
      store.sets++;
      if (slot !== 0) store.remove(slot);
      else store.removeStale(namespace.table, name);
    }
    if (isNew) this.#names.warn(name, version);
    if (store.departures !== undefined) tellDepartures(store);
  }

  renew(key: string, ttl: number, staleFor: number, version: number): boolean {
    const slot = this.#findStale(key, version);
    if (slot !== 0) this.store.renew(slot, ttl, staleFor, this.clock);
    return slot !== 0;
  }

  remove(key: string, version: number): boolean {
    const { store } = this;
    const slot = this.#find(key, version);
    if (slot === 0) {
      const table = this.#namespaceOf(version)?.table;
      if (store.hasExtras && table !== undefined) store.removeStale(table, this.#names.of(key, version));
      if (store.departures !== undefined) tellDepartures(store);
      return false;
    }
    store.deletes++;
    store.remove(slot);
    return true;
  }

  prolong(key: string, ttl: number, version: number): boolean {
    const { store } = this;
    const slot = this.#find(key, version);
    if (slot === 0) return false;
    if (ttl > 0) {
      store.setTtl(slot, ttl, this.clock);
      store.policy.hit(slot);
    } else store.remove(slot);
    return true;
  }

  increase(key: string, delta: number, version: number): unknown {
    const { store } = this;
    const slot = this.#find(key, version);
    if (slot === 0) return undefined;
    const value = store.values[slot];
    if (typeof value !== 'number') return value;
    const sum = value + delta;
    store.values[slot] = sum;
    store.policy.hit(slot);
    return sum;
  }

  move(key: string, version: number, target: number): boolean {
    const { store } = this;
    // First of all: a key function is the user's, and may itself change what is stored.
    const name = this.#names.of(key, target);
    const slot = this.#find(key, version);
    if (slot === 0) return false;
    const namespace = store.namespaceAt(this.keyspace, target);
    const replaced = namespace.table.get(name);
    if (replaced === slot) store.policy.hit(slot);
    else {
      if (replaced !== undefined) store.remove(replaced);
      store.rename(slot, namespace, name);
    }
    return true;
  }

  removeAll(): void {
    if (this.#names.prefix === '') this.store.clear();
    else this.store.clearPrefix(this.#names.prefix);
  }

  /** Removes the entries of the own version whose keys begin with `head`. */
  removeUnder(head: string): void {
    for (const [key, slot] of this.namespace.table) if (key.startsWith(head)) this.store.remove(slot);
  }

  unseal(sealed: unknown): unknown {
    return this.#isByReference ? sealed : unsealCopy(sealed);
  }

  /** @throws TypeError if `sizeOf` makes no size of it. */
  checkSize(sealed: unknown, key: string): void {
    if (this.store.isSized) this.#measure(sealed, key);
  }

  #recallSlot(slot: number): Recalled {
    const { store } = this;
    return {
      value: this.unseal(store.values[slot]),
      left: store.leftOf(slot, this.clock),
      loadTime: store.extras.loadTimeOf(slot),
      tags: store.extras.namesOf(slot),
    };
  }

  /** The slot of a live entry, 0 if there is none. */
  #find(key: string, version: number): number {
    const name = this.#names.ofChecked(key, version);
    const slot = this.store.find(this.#tableOf(version), name, this.clock);
    if (slot === 0) this.#checkMissedKey(key, name, version);
    return slot;
  }

  /** The slot of an entry that is live or stale, 0 if there is none. */
  #findStale(key: string, version: number): number {
    const name = this.#names.ofChecked(key, version);
    const slot = this.store.findStale(this.#tableOf(version), name, this.clock);
    if (slot === 0) this.#checkMissedKey(key, name, version);
    return slot;
  }

  /** What is not a key was never stored, so that only a miss has to look. */
  #checkMissedKey(key: string, name: string, version: number): void {
    checkKey(key);
    this.#names.warn(name, version);
    if (this.store.departures !== undefined) tellDepartures(this.store);
  }

  #namespaceOf(version: number): Namespace | undefined {
    return version === this.#version ? this.namespace : this.store.keyspaces.find(this.keyspace, version);
  }

  #tableOf(version: number): Map<string, number> {
    return this.#namespaceOf(version)?.table ?? NOTHING;
  }

  #sizeOfEntry(sealed: unknown, key: string, extras: EntryExtras | undefined): number {
    if (!this.store.isSized) return 0;
    const tags = this.#sizeOf === undefined && extras !== undefined ? estimateTagsSize(extras.tags) : 0;
    const size = this.#measure(sealed, key) + tags;
    checkFits(key, size, this.store.settings.maxSize);
    return size;
  }

  #measure(sealed: unknown, key: string): number {
    if (this.#sizeOf === undefined) return estimateEntrySize(sealed, key);
    return checkedSize(this.#sizeOf(this.unseal(sealed), key));
  }
}

/** The table of a version where nothing was ever stored. */
const NOTHING: Map<string, number> = new Map();

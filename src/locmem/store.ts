import type { Channel } from 'node:diagnostics_channel';
import type { Clock, CoarseClock } from '../core/clock.js';
import { evict, expire } from '../core/diagnostics.js';
import type { EntryExtras } from '../core/entry-extras.js';
import { Extras } from './extras.js';
import { hashKey } from './hash-key.js';
import { type Keyspace, Keyspaces, type Namespace } from './keyspaces.js';
import type { EvictionPolicy } from './policy.js';
import type { StoreSettings } from './store-settings.js';

/** Slots looked at for an expired entry before a live one is evicted: one cache line of `expiresAt`. */
const SWEEP = 8;
const FIRST_CAPACITY = 16;
/** Where in `expiresAt`, of slot 0, the moment stands before which no entry expires: until then there is nothing to sweep. */
const SOONEST = 0;

/** An entry that left by itself: evicted, or expired. */
export interface Departure {
  readonly channel: Channel;
  readonly key: string;
  readonly version: number;
}

/**
 * The entries of one location: a struct of arrays, indexed by slot. Slot 0 is nobody's.
 *
 * An object per entry would cost 40 bytes more, and a write barrier and a marking step each to the garbage collector;
 * arrays of numbers cost it nothing (1,000,000 entries: see bench/RESULTS.md, memory and pause).
 *
 * An entry that has expired, or of which a tag was deleted, stays in its slot until somebody comes across it. One that
 * may still be served stale stays until that time is over, too, unless the slot is needed.
 *
 * Invariants, checked by the tests after every operation: each used slot is in exactly one namespace's table, under its
 * key; the policy holds the used slots and no other; `count` is their number, `size` the sum of their sizes; at most
 * `maxEntries` and `maxSize` of it.
 */
export class Store {
  readonly settings: StoreSettings;
  readonly policy: EvictionPolicy;
  readonly clock: Clock;
  readonly isSized: boolean;
  readonly keyspaces = new Keyspaces();
  /** What left by itself, to be told of when the call is done: who listens may use the cache. `undefined` while there is nothing. */
  departures: Departure[] | undefined;
  /** The cache that opened it first, in whose name that is told. */
  opener: object | undefined;

  keys: (string | undefined)[] = [undefined];
  values: unknown[] = [undefined];
  /** The namespace of each slot. Empty until there is a second one: most stores never have it. */
  ids = new Int32Array(0);
  hasManyNamespaces = false;
  /** Empty until the first entry that expires: until then no call reads the clock. */
  expiresAt = new Float64Array(0);
  /** Empty where sizes are not measured. */
  sizes = new Float64Array(0);
  isTimed = false;
  /** Whether any entry ever had extras; and whether any had tags, so that a hit has to look. */
  hasExtras = false;
  isTagged = false;
  readonly extras = new Extras(0);

  /** The highest slot ever used; those below it that are free are in `free`. */
  used = 0;
  readonly free: number[] = [];
  count = 0;
  size = 0;

  hits = 0;
  misses = 0;
  sets = 0;
  deletes = 0;
  evictions = 0;
  expirations = 0;

  #capacity = 0;
  /** The next slot to sweep. */
  #hand = 1;
  /** What `expiresAt[SOONEST]` will be after this round of the hand. */
  #soonestOfRound = Number.POSITIVE_INFINITY;
  readonly #maxEntries: number;
  readonly #cullFrequency: number | undefined;
  readonly #maxSize: number;

  constructor(settings: StoreSettings, policy: EvictionPolicy, clock: Clock) {
    this.settings = settings;
    this.policy = policy;
    this.clock = clock;
    this.isSized = settings.sizeOf;
    this.#maxEntries = settings.maxEntries;
    this.#cullFrequency = settings.cullFrequency;
    this.#maxSize = settings.maxSize ?? Number.POSITIVE_INFINITY;
  }

  /**
   * The hot path: what is stored at `key`, made the most recent; `undefined` if it is not there or has expired. Counts
   * the hit; a miss is counted by the caller, who finds out first whether it was a key.
   */
  hit(table: Map<string, number>, key: string, clock: CoarseClock): unknown {
    const slot = table.get(key);
    if (slot === undefined) return undefined;
    // `=== true`: a test of truth has to rule out every other kind of value first.
    if (this.isTimed === true && clock.isPast(this.expiresAt, slot)) {
      this.#pass(slot, clock);
      return undefined;
    }
    if (this.isTagged === true && this.extras.isDeleted(slot)) {
      this.remove(slot);
      return undefined;
    }
    this.hits++;
    this.policy.hit(slot);
    return this.values[slot];
  }

  /** The slot of a live entry, 0 if there is none. One that has expired is removed on the way, unless it is stale. */
  find(table: Map<string, number>, key: string, clock: CoarseClock): number {
    const slot = this.findStale(table, key, clock);
    return slot !== 0 && this.isTimed && clock.isPast(this.expiresAt, slot) ? 0 : slot;
  }

  /** The slot of an entry that is live or stale, 0 if there is none. What is neither is removed on the way. */
  findStale(table: Map<string, number>, key: string, clock: CoarseClock): number {
    const slot = table.get(key);
    if (slot === undefined) return 0;
    if (this.isTagged && this.extras.isDeleted(slot)) {
      this.remove(slot);
      return 0;
    }
    return this.isTimed && clock.isPast(this.expiresAt, slot) && !this.#pass(slot, clock) ? 0 : slot;
  }

  /** Whether there is a live entry. Unlike `find`, it leaves an expired one where it is. */
  isLive(table: Map<string, number>, key: string, clock: CoarseClock): boolean {
    const slot = table.get(key);
    return slot !== undefined && this.isLiveAt(slot, clock);
  }

  isLiveAt(slot: number, clock: CoarseClock): boolean {
    if (this.isTimed && clock.isPast(this.expiresAt, slot)) return false;
    return !(this.isTagged && this.extras.isDeleted(slot));
  }

  /** The milliseconds that an entry has to live; 0 or less, if it is stale. */
  leftOf(slot: number, clock: CoarseClock): number {
    return this.isTimed ? this.expiresAt[slot] - clock.now() : Number.POSITIVE_INFINITY;
  }

  /**
   * Stores an entry that is to be the most recent, in the place of what was at the key; whether the key is new here.
   * `size` is at most `maxSize`.
   */
  set(
    namespace: Namespace,
    key: string,
    value: unknown,
    ttl: number,
    size: number,
    clock: CoarseClock,
    extras?: EntryExtras,
  ): boolean {
    // A clock of a test may throw: then before anything has changed.
    if (!clock.isMachine) clock.now();
    this.sets++;
    if (this.#cullFrequency !== undefined && this.count >= this.#maxEntries) this.#cull(this.#cullFrequency, clock);
    const slot = namespace.table.get(key);
    if (slot !== undefined) {
      if (!this.isSized || this.size - this.sizes[slot] + size <= this.#maxSize) {
        if (this.hasExtras === true) this.#dropExtras(slot, clock);
        this.#overwrite(slot, namespace, value, ttl, size, clock);
        if (extras !== undefined) this.#putExtras(slot, extras);
        return false;
      }
      // It grew beyond what is free. Making room could evict the entry itself: it comes back as a new one.
      this.remove(slot);
    }
    let reused = 0;
    while (this.count >= this.#maxEntries || this.size + size > this.#maxSize) {
      if (reused !== 0) this.#free(reused);
      reused = this.#evict(clock);
    }
    const free = reused === 0 ? this.#allocate() : reused;
    this.#insert(free, namespace, key, value, ttl, size, clock);
    if (extras !== undefined) this.#putExtras(free, extras);
    return true;
  }

  /** Removes what is stale at a key where `find` found nothing. */
  removeStale(table: Map<string, number>, key: string): void {
    const slot = table.get(key);
    if (slot !== undefined) this.#expire(slot);
  }

  /** Makes every entry missing that has one of these tags under a prefix. */
  removeTags(prefix: string, tags: readonly string[]): void {
    if (!this.extras.deleteTags(prefix, tags) || !this.isTimed) return;
    // The slots that are swept for expired entries now have these, too: also those that this round has been at.
    this.expiresAt[SOONEST] = Number.NEGATIVE_INFINITY;
    this.#soonestOfRound = Number.NEGATIVE_INFINITY;
  }

  /** Removes the entry in `slot`, for whatever reason but eviction. */
  remove(slot: number): void {
    this.policy.remove(slot);
    this.#detach(slot);
    this.#free(slot);
  }

  /** Lets the entry in `slot` live for `ttl` from now on. */
  setTtl(slot: number, ttl: number, clock: CoarseClock): void {
    if (this.isTimed !== true) {
      if (ttl === Number.POSITIVE_INFINITY) return;
      this.#startTiming();
    }
    const { expiresAt } = this;
    clock.stamp(expiresAt, slot, ttl);
    if (expiresAt[slot] < expiresAt[SOONEST]) expiresAt[SOONEST] = expiresAt[slot];
    if (expiresAt[slot] < this.#soonestOfRound) this.#soonestOfRound = expiresAt[slot];
  }

  /** Puts the entry of `slot` at another name. Nothing may stand there. */
  rename(slot: number, namespace: Namespace, key: string): void {
    this.ownerOf(slot).table.delete(this.keys[slot]!);
    namespace.table.set(key, slot);
    if (this.hasManyNamespaces === true) this.ids[slot] = namespace.id;
    if (this.policy.usesHash && this.keys[slot] !== key) {
      this.policy.remove(slot);
      this.policy.insert(slot, hashKey(key));
    } else this.policy.hit(slot);
    this.keys[slot] = key;
  }

  /** Lets the entry in `slot`, live or stale, live anew. */
  renew(slot: number, ttl: number, staleFor: number, clock: CoarseClock): void {
    this.setTtl(slot, ttl, clock);
    this.hasExtras = true;
    this.extras.keepStale(slot, staleFor);
    this.policy.hit(slot);
  }

  /** Removes all that is gone: O(n), for `stats()`, which counts the living. How many are left that are stale. */
  removeExpired(now: number): number {
    let stale = 0;
    if (!this.isTimed && !this.isTagged) return stale;
    for (let slot = 1; slot <= this.used; slot++) {
      if (this.keys[slot] === undefined) continue;
      if (this.isTagged && this.extras.isDeleted(slot)) this.remove(slot);
      else if (this.isTimed && this.expiresAt[slot] <= now) {
        if (this.#isStale(slot, now)) stale++;
        else this.#expire(slot);
      }
    }
    return stale;
  }

  /** The namespace of `version` under a prefix, ready to hold entries. */
  namespaceAt(keyspace: Keyspace, version: number): Namespace {
    const namespace = this.keyspaces.at(keyspace, version);
    // The first has id 0, which is what the new array holds.
    if (namespace.id > 0 && !this.hasManyNamespaces) {
      this.hasManyNamespaces = true;
      this.ids = new Int32Array(this.#capacity + 1);
    }
    return namespace;
  }

  ownerOf(slot: number): Namespace {
    return this.keyspaces.namespaces[this.hasManyNamespaces === true ? this.ids[slot] : 0]!;
  }

  /** Removes every entry under a prefix, whatever its version. */
  clearPrefix(prefix: string): void {
    this.keyspaces.overruleFlights(prefix);
    for (let slot = 1; slot <= this.used; slot++) {
      if (this.keys[slot] !== undefined && this.ownerOf(slot).keyspace.prefix === prefix) this.remove(slot);
    }
  }

  /** Removes every entry. */
  clear(): void {
    this.keyspaces.overruleFlights(undefined);
    this.#empty();
  }

  #overwrite(slot: number, namespace: Namespace, value: unknown, ttl: number, size: number, clock: CoarseClock): void {
    this.values[slot] = value;
    if (this.hasManyNamespaces === true) this.ids[slot] = namespace.id;
    this.setTtl(slot, ttl, clock);
    if (this.isSized) {
      this.size += size - this.sizes[slot];
      this.sizes[slot] = size;
    }
    this.policy.hit(slot);
  }

  #insert(
    slot: number,
    namespace: Namespace,
    key: string,
    value: unknown,
    ttl: number,
    size: number,
    clock: CoarseClock,
  ): void {
    this.keys[slot] = key;
    this.values[slot] = value;
    if (this.hasManyNamespaces === true) this.ids[slot] = namespace.id;
    this.setTtl(slot, ttl, clock);
    if (this.isSized) {
      this.sizes[slot] = size;
      this.size += size;
    }
    this.count++;
    namespace.table.set(key, slot);
    this.policy.insert(slot, this.policy.usesHash ? hashKey(key) : 0);
  }

  /**
   * Chooses an entry that must go, an expired one if there is one at hand, and returns its slot for reuse. What is rare
   * is apart: on this path the engine inlines as much as it has a budget for, and no more (10 % of a `set`).
   */
  #evict(clock: CoarseClock): number {
    if (this.isTimed === true && clock.isPast(this.expiresAt, SOONEST)) return this.#evictExpired(clock);
    this.evictions++;
    const slot = this.policy.evict();
    if (evict.hasSubscribers) this.#note(evict, slot);
    this.#detach(slot);
    return slot;
  }

  #evictExpired(clock: CoarseClock): number {
    const now = clock.now();
    const expired = this.#sweep(now);
    if (expired === 0) return this.#evictByPolicy(clock);
    // Else a tag of it was deleted, which is not counted.
    if (this.expiresAt[expired] <= now) this.#countExpired(expired);
    this.policy.remove(expired);
    this.#detach(expired);
    return expired;
  }

  #evictByPolicy(clock: CoarseClock): number {
    const slot = this.policy.evict();
    if (this.isTimed === true && clock.isPast(this.expiresAt, slot)) this.#countExpired(slot);
    else if (!(this.isTagged && this.extras.isDeleted(slot))) {
      this.evictions++;
      if (evict.hasSubscribers) this.#note(evict, slot);
    }
    this.#detach(slot);
    return slot;
  }

  /** Looks at the next few slots, round and round, for one that has expired, or is deleted; 0 if there is none. */
  #sweep(now: number): number {
    for (let i = 0; i < SWEEP; i++) {
      const slot = this.#hand++;
      if (slot > this.used) {
        this.#hand = 1;
        this.expiresAt[SOONEST] = this.#soonestOfRound;
        this.#soonestOfRound = Number.POSITIVE_INFINITY;
        return 0;
      }
      if (this.keys[slot] === undefined) continue;
      const expiresAt = this.expiresAt[slot];
      if (expiresAt <= now || (this.isTagged && this.extras.isDeleted(slot))) return slot;
      if (expiresAt < this.#soonestOfRound) this.#soonestOfRound = expiresAt;
    }
    return 0;
  }

  /** Django's way: when full, the n-th part of all entries goes at once, the least recently used first. */
  #cull(cullFrequency: number, clock: CoarseClock): void {
    if (cullFrequency === 0) {
      const now = clock.now();
      this.removeExpired(now);
      for (let slot = 1; slot <= this.used; slot++) {
        if (this.keys[slot] === undefined) continue;
        if (this.isTimed && this.expiresAt[slot] <= now) this.#countExpired(slot);
        else {
          this.evictions++;
          if (evict.hasSubscribers) this.#note(evict, slot);
        }
      }
      this.#empty();
      return;
    }
    const culled = Math.max(1, Math.floor(this.#maxEntries / cullFrequency));
    for (let i = 0; i < culled; i++) this.#free(this.#evictByPolicy(clock));
  }

  /** Removes an entry that has expired, unless it may still be served stale; whether it may. */
  #pass(slot: number, clock: CoarseClock): boolean {
    if (this.hasExtras && this.#isStale(slot, clock.now())) return true;
    this.#expire(slot);
    return false;
  }

  /** Of an entry that has expired. */
  #isStale(slot: number, now: number): boolean {
    return this.hasExtras && this.expiresAt[slot] + this.extras.staleTimeOf(slot) > now;
  }

  #expire(slot: number): void {
    this.#countExpired(slot);
    this.remove(slot);
  }

  #countExpired(slot: number): void {
    this.expirations++;
    if (expire.hasSubscribers) this.#note(expire, slot);
  }

  #note(channel: Channel, slot: number): void {
    const { version } = this.ownerOf(slot);
    this.departures ??= [];
    this.departures.push({ channel, key: this.keys[slot]!, version });
  }

  #putExtras(slot: number, extras: EntryExtras): void {
    this.hasExtras = true;
    this.extras.put(slot, extras, this.ownerOf(slot).keyspace.prefix);
    this.isTagged = this.extras.isTagged;
  }

  /** Another entry comes into `slot`. */
  #dropExtras(slot: number, clock: CoarseClock): void {
    if (this.extras.staleTimeOf(slot) > 0 && clock.isPast(this.expiresAt, slot)) this.#countExpired(slot);
    this.extras.drop(slot);
  }

  /** Takes an entry that the policy has let go of out of its table and out of the counts. */
  #detach(slot: number): void {
    this.ownerOf(slot).table.delete(this.keys[slot]!);
    if (this.isSized) this.size -= this.sizes[slot];
    if (this.hasExtras === true) this.extras.drop(slot);
    this.count--;
  }

  #free(slot: number): void {
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    this.free.push(slot);
  }

  #allocate(): number {
    const slot = this.free.pop();
    if (slot !== undefined) return slot;
    if (this.used === this.#capacity) this.#grow();
    return ++this.used;
  }

  /** Doubles, up to `maxEntries`: a large bound costs nothing until it is filled. */
  #grow(): void {
    const capacity = Math.min(this.#maxEntries, Math.max(FIRST_CAPACITY, 2 * this.#capacity));
    this.#capacity = capacity;
    this.keys.length = capacity + 1;
    this.values.length = capacity + 1;
    if (this.hasManyNamespaces) this.ids = grown(this.ids, new Int32Array(capacity + 1));
    if (this.isTimed) this.expiresAt = grown(this.expiresAt, new Float64Array(capacity + 1));
    if (this.isSized) this.sizes = grown(this.sizes, new Float64Array(capacity + 1));
    this.extras.grow(capacity);
    this.policy.reserve(capacity);
  }

  #startTiming(): void {
    this.isTimed = true;
    this.expiresAt = new Float64Array(this.#capacity + 1).fill(Number.POSITIVE_INFINITY);
  }

  /** Slots stay reserved: a store that was full is likely to be full again. */
  #empty(): void {
    for (const namespace of this.keyspaces.namespaces) namespace?.table.clear();
    this.policy.clear();
    this.keys.fill(undefined);
    this.values.fill(undefined);
    this.extras.clear();
    this.#hand = 1;
    if (this.isTimed) this.expiresAt[SOONEST] = Number.POSITIVE_INFINITY;
    this.#soonestOfRound = Number.POSITIVE_INFINITY;
    this.used = 0;
    this.free.length = 0;
    this.count = 0;
    this.size = 0;
  }
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from as never);
  return to;
}

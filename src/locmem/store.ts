import type { Clock, CoarseClock } from '../core/clock.js';
import { hashKey } from './hash-key.js';
import { type Keyspace, Keyspaces, type Namespace } from './keyspaces.js';
import type { EvictionPolicy } from './policy.js';
import type { StoreSettings } from './store-settings.js';

/** Slots looked at for an expired entry before a live one is evicted: one cache line of `expiresAt`. */
const SWEEP = 8;
const FIRST_CAPACITY = 16;
/** Where in `expiresAt`, of slot 0, the moment stands before which no entry expires: until then there is nothing to sweep. */
const SOONEST = 0;

/**
 * The entries of one location: a struct of arrays, indexed by slot. Slot 0 is nobody's.
 *
 * An object per entry would cost 40 bytes more, and a write barrier and a marking step each to the garbage collector;
 * arrays of numbers cost it nothing (1,000,000 entries: see bench/RESULTS.md, memory and pause).
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
      this.#expire(slot);
      return undefined;
    }
    this.hits++;
    this.policy.hit(slot);
    return this.values[slot];
  }

  /** The slot of a live entry, 0 if there is none. An expired one is removed on the way. */
  find(table: Map<string, number>, key: string, clock: CoarseClock): number {
    const slot = table.get(key);
    if (slot === undefined) return 0;
    if (this.isTimed && clock.isPast(this.expiresAt, slot)) {
      this.#expire(slot);
      return 0;
    }
    return slot;
  }

  /** Whether there is a live entry. Unlike `find`, it leaves an expired one where it is. */
  isLive(table: Map<string, number>, key: string, clock: CoarseClock): boolean {
    const slot = table.get(key);
    return slot !== undefined && !(this.isTimed && clock.isPast(this.expiresAt, slot));
  }

  /**
   * Stores an entry that is to be the most recent, in the place of what was at the key; whether the key is new here.
   * `size` is at most `maxSize`.
   */
  set(namespace: Namespace, key: string, value: unknown, ttl: number, size: number, clock: CoarseClock): boolean {
    // A clock of a test may throw: then before anything has changed.
    if (!clock.isMachine) clock.now();
    this.sets++;
    if (this.#cullFrequency !== undefined && this.count >= this.#maxEntries) this.#cull(this.#cullFrequency, clock);
    const slot = namespace.table.get(key);
    if (slot !== undefined) {
      if (!this.isSized || this.size - this.sizes[slot] + size <= this.#maxSize) {
        this.#overwrite(slot, namespace, value, ttl, size, clock);
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
    this.#insert(reused === 0 ? this.#allocate() : reused, namespace, key, value, ttl, size, clock);
    return true;
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

  /** Removes all that is expired: O(n), for `stats()`, which counts the living. */
  removeExpired(now: number): void {
    if (!this.isTimed) return;
    for (let slot = 1; slot <= this.used; slot++) {
      if (this.expiresAt[slot] <= now && this.keys[slot] !== undefined) this.#expire(slot);
    }
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
    this.#detach(slot);
    return slot;
  }

  #evictExpired(clock: CoarseClock): number {
    const expired = this.#sweep(clock.now());
    if (expired === 0) return this.#evictByPolicy(clock);
    this.expirations++;
    this.policy.remove(expired);
    this.#detach(expired);
    return expired;
  }

  #evictByPolicy(clock: CoarseClock): number {
    const slot = this.policy.evict();
    if (this.isTimed === true && clock.isPast(this.expiresAt, slot)) this.expirations++;
    else this.evictions++;
    this.#detach(slot);
    return slot;
  }

  /** Looks at the next few slots, round and round, for one that has expired; 0 if there is none. */
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
      if (expiresAt <= now) return slot;
      if (expiresAt < this.#soonestOfRound) this.#soonestOfRound = expiresAt;
    }
    return 0;
  }

  /** Django's way: when full, the n-th part of all entries goes at once, the least recently used first. */
  #cull(cullFrequency: number, clock: CoarseClock): void {
    if (cullFrequency === 0) {
      this.removeExpired(clock.now());
      this.evictions += this.count;
      this.#empty();
      return;
    }
    const culled = Math.max(1, Math.floor(this.#maxEntries / cullFrequency));
    for (let i = 0; i < culled; i++) this.#free(this.#evictByPolicy(clock));
  }

  #expire(slot: number): void {
    this.expirations++;
    this.remove(slot);
  }

  /** Takes an entry that the policy has let go of out of its table and out of the counts. */
  #detach(slot: number): void {
    this.ownerOf(slot).table.delete(this.keys[slot]!);
    if (this.isSized) this.size -= this.sizes[slot];
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

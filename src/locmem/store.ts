import type { Clock } from '../core/clock.js';
import { hashKey } from './hash-key.js';
import { Keyspace, type Namespace } from './keyspace.js';
import type { EvictionPolicy, PolicyName } from './policy.js';

/** What a reader may do with a value: `'copy'` anything, `'frozen'` read it, `'reference'` as with the stored object. */
export type ValuesMode = 'copy' | 'frozen' | 'reference';

/** What all caches of one location must agree on. */
export interface StoreSettings {
  readonly maxEntries: number;
  readonly cullFrequency: number | undefined;
  readonly policy: PolicyName;
  readonly maxSize: number | undefined;
  readonly measuresSizes: boolean;
  readonly values: ValuesMode;
}

/** Slots looked at for an expired entry before a live one is evicted: one cache line of `expiresAt`. */
const SWEEP = 8;
const FIRST_CAPACITY = 16;
/** Empty namespaces are dropped when there are this many, or twice as many as were left the last time. */
const NAMESPACE_LIMIT = 64;

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
  readonly keyspaces = new Map<string, Keyspace>();
  /** By id, which is what `owners` holds. */
  readonly namespaces: (Namespace | undefined)[] = [];
  /** The entries of caches with a key function of their own, by stored key. */
  readonly rawTable = new Map<string, number>();

  keys: (string | undefined)[] = [undefined];
  values: unknown[] = [undefined];
  owners = new Int32Array(1);
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
  /** No entry expires before this moment: until then there is nothing to sweep. Found anew in each round of the hand. */
  #soonest = Number.POSITIVE_INFINITY;
  #soonestOfRound = Number.POSITIVE_INFINITY;
  #namespaceCount = 0;
  #namespaceLimit = NAMESPACE_LIMIT;
  readonly #maxEntries: number;
  readonly #cullFrequency: number | undefined;
  readonly #maxSize: number;

  constructor(settings: StoreSettings, policy: EvictionPolicy, clock: Clock) {
    this.settings = settings;
    this.policy = policy;
    this.clock = clock;
    this.isSized = settings.measuresSizes;
    this.#maxEntries = settings.maxEntries;
    this.#cullFrequency = settings.cullFrequency;
    this.#maxSize = settings.maxSize ?? Number.POSITIVE_INFINITY;
  }

  /**
   * The hot path: what is stored at `key`, made the most recent; `undefined` if it is not there or has expired. Counts
   * the hit; a miss is counted by the caller, who finds out first whether it was a key.
   */
  hit(table: Map<string, number>, key: string, clock: Clock): unknown {
    const slot = table.get(key);
    if (slot === undefined) return undefined;
    // `=== true`: a test of truth has to rule out every other kind of value first.
    if (this.isTimed === true && this.expiresAt[slot] <= clock.now()) {
      this.#expire(slot);
      return undefined;
    }
    this.hits++;
    this.policy.hit(slot);
    return this.values[slot];
  }

  /** The slot of a live entry, 0 if there is none. An expired one is removed on the way. */
  find(table: Map<string, number>, key: string, clock: Clock): number {
    const slot = table.get(key);
    if (slot === undefined) return 0;
    if (this.isTimed && this.expiresAt[slot] <= clock.now()) {
      this.#expire(slot);
      return 0;
    }
    return slot;
  }

  /**
   * Stores an entry that is to be the most recent, in the place of what was at the key; whether the key is new here.
   * `size` is at most `maxSize`.
   */
  set(namespace: Namespace, key: string, value: unknown, ttl: number, size: number, clock: Clock): boolean {
    this.sets++;
    if (this.#cullFrequency !== undefined && this.count >= this.#maxEntries) this.#cull(this.#cullFrequency);
    const slot = namespace.table.get(key);
    if (slot !== undefined) {
      if (!this.isSized || this.size - this.sizes[slot] + size <= this.#maxSize) {
        this.#overwrite(slot, namespace, value, ttl, size, clock);
        return false;
      }
      // It grew beyond what is free. Making room could evict the entry itself: it comes back as a new one.
      this.#drop(slot);
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
    this.#drop(slot);
  }

  /**
   * Lets the entry in `slot` live for `ttl` from now on. The moment is computed here, where it is stored: handed from
   * one function to the next, a number that large would be an allocation.
   */
  setTtl(slot: number, ttl: number, clock: Clock): void {
    if (this.isTimed !== true) {
      if (ttl === Number.POSITIVE_INFINITY) return;
      this.#startTiming();
    }
    const expiresAt = clock.now() + ttl;
    this.expiresAt[slot] = expiresAt;
    if (expiresAt < this.#soonest) this.#soonest = expiresAt;
    if (expiresAt < this.#soonestOfRound) this.#soonestOfRound = expiresAt;
  }

  /** Puts the entry of `slot` at another name. Nothing may stand there. */
  rename(slot: number, namespace: Namespace, key: string): void {
    this.#tableOf(slot).delete(this.keys[slot]!);
    namespace.table.set(key, slot);
    this.owners[slot] = namespace.id;
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

  /** Removes every entry of these keyspaces. */
  clearKeyspaces(isCleared: (keyspace: Keyspace) => boolean): void {
    for (const keyspace of this.keyspaces.values()) {
      if (isCleared(keyspace)) keyspace.flights.overruleAll();
    }
    for (let slot = 1; slot <= this.used; slot++) {
      if (this.keys[slot] !== undefined && isCleared(this.namespaces[this.owners[slot]]!.keyspace)) this.#drop(slot);
    }
  }

  /** Removes every entry. */
  clear(): void {
    for (const keyspace of this.keyspaces.values()) keyspace.flights.overruleAll();
    this.#empty();
  }

  keyspace(prefix: string, isRaw: boolean): Keyspace {
    const name = `${isRaw ? 'raw' : 'plain'}:${prefix}`;
    let keyspace = this.keyspaces.get(name);
    if (keyspace === undefined) {
      keyspace = new Keyspace(prefix, isRaw ? this.rawTable : undefined, (namespace) => this.#register(namespace));
      this.keyspaces.set(name, keyspace);
    }
    return keyspace;
  }

  /** Takes a namespace in, and gives it its id. */
  #register(namespace: Namespace): number {
    if (this.#namespaceCount >= this.#namespaceLimit) {
      this.#dropEmptyNamespaces();
      this.#namespaceLimit = Math.max(NAMESPACE_LIMIT, 2 * this.#namespaceCount);
    }
    this.#namespaceCount++;
    const gap = this.namespaces.indexOf(undefined);
    const id = gap === -1 ? this.namespaces.length : gap;
    this.namespaces[id] = namespace;
    return id;
  }

  #dropEmptyNamespaces(): void {
    for (const namespace of this.namespaces) {
      if (namespace === undefined || namespace.isPinned || namespace.table.size > 0) continue;
      namespace.keyspace.forget(namespace);
      this.namespaces[namespace.id] = undefined;
      this.#namespaceCount--;
    }
  }

  #overwrite(slot: number, namespace: Namespace, value: unknown, ttl: number, size: number, clock: Clock): void {
    this.values[slot] = value;
    this.owners[slot] = namespace.id;
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
    clock: Clock,
  ): void {
    this.keys[slot] = key;
    this.values[slot] = value;
    this.owners[slot] = namespace.id;
    this.setTtl(slot, ttl, clock);
    if (this.isSized) {
      this.sizes[slot] = size;
      this.size += size;
    }
    this.count++;
    namespace.table.set(key, slot);
    this.policy.insert(slot, this.policy.usesHash ? hashKey(key) : 0);
  }

  /** Chooses an entry that must go, an expired one if there is one at hand, and returns its slot for reuse. */
  #evict(clock: Clock): number {
    let slot = this.isTimed === true ? this.#sweep(clock) : 0;
    if (slot === 0) {
      this.evictions++;
      slot = this.policy.evict();
    } else {
      this.expirations++;
      this.policy.remove(slot);
    }
    this.#detach(slot);
    return slot;
  }

  /** Looks at the next few slots, round and round, for one that has expired; 0 if there is none. */
  #sweep(clock: Clock): number {
    const now = clock.now();
    if (this.#soonest > now) return 0;
    for (let i = 0; i < SWEEP; i++) {
      const slot = this.#hand++;
      if (slot > this.used) {
        this.#hand = 1;
        this.#soonest = this.#soonestOfRound;
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
  #cull(cullFrequency: number): void {
    if (cullFrequency === 0) {
      this.evictions += this.count;
      this.#empty();
      return;
    }
    const culled = Math.max(1, Math.floor(this.#maxEntries / cullFrequency));
    for (let i = 0; i < culled; i++) {
      this.evictions++;
      const slot = this.policy.evict();
      this.#detach(slot);
      this.#free(slot);
    }
  }

  #expire(slot: number): void {
    this.expirations++;
    this.#drop(slot);
  }

  #drop(slot: number): void {
    this.policy.remove(slot);
    this.#detach(slot);
    this.#free(slot);
  }

  /** Takes an entry that the policy has let go of out of its table and out of the counts. */
  #detach(slot: number): void {
    this.#tableOf(slot).delete(this.keys[slot]!);
    if (this.isSized) this.size -= this.sizes[slot];
    this.count--;
  }

  #free(slot: number): void {
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    this.free.push(slot);
  }

  #tableOf(slot: number): Map<string, number> {
    return this.namespaces[this.owners[slot]]!.table;
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
    this.owners = grown(this.owners, new Int32Array(capacity + 1));
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
    for (const namespace of this.namespaces) namespace?.table.clear();
    this.policy.clear();
    this.keys.fill(undefined);
    this.values.fill(undefined);
    this.#hand = 1;
    this.#soonest = Number.POSITIVE_INFINITY;
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

import type { Channel } from 'node:diagnostics_channel';
import type { Clock, CoarseClock } from '../core/clock.js';
import { evict, expire } from '../core/diagnostics.js';
import type { EntryExtras } from '../core/entry-extras.js';
import type { Departure } from './departures.js';
import type { Namespace } from './keyspaces.js';
import type { EvictionPolicy } from './policy.js';
import { Slots } from './slots.js';
import type { StoreSettings } from './store-settings.js';
import { SOONEST } from './sweep.js';

/**
 * The entries of one location, within its limits: what stands in its slots, when it is found, and what goes when room is
 * needed.
 *
 * An entry that has expired, or of which a tag was deleted, stays in its slot until somebody comes across it. One that
 * may still be served stale stays until that time is over, too, unless the slot is needed.
 *
 * Invariant, checked by the tests after every operation: there are at most `maxEntries`, and `maxSize` of them.
 */
export class Store extends Slots {
  readonly settings: StoreSettings;
  readonly clock: Clock;
  /** What left by itself, to be told of when the call is done: who listens may use the cache. `undefined` while there is nothing. */
  departures: Departure[] | undefined;
  /** The cache that opened it first, in whose name that is told. */
  opener: object | undefined;

  hits = 0;
  misses = 0;
  sets = 0;
  deletes = 0;
  evictions = 0;
  expirations = 0;

  readonly #cullFrequency: number | undefined;
  readonly #maxSize: number;

  constructor(settings: StoreSettings, policy: EvictionPolicy, clock: Clock) {
    super(settings, policy);
    this.settings = settings;
    this.clock = clock;
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
    if (this.#cullFrequency !== undefined && this.count >= this.maxEntries) this.#cull(this.#cullFrequency, clock);
    const slot = namespace.table.get(key);
    if (slot !== undefined) {
      if (!this.isSized || this.size - this.sizes[slot] + size <= this.#maxSize) {
        if (this.hasExtras === true) this.#dropExtras(slot, clock);
        this.overwrite(slot, namespace, value, ttl, size, clock);
        if (extras !== undefined) this.putExtras(slot, extras);
        return false;
      }
      // It grew beyond what is free. Making room could evict the entry itself: it comes back as a new one.
      this.remove(slot);
    }
    let reused = 0;
    while (this.count >= this.maxEntries || this.size + size > this.#maxSize) {
      if (reused !== 0) this.release(reused);
      reused = this.#evict(clock);
    }
    const free = reused === 0 ? this.allocate() : reused;
    this.insert(free, namespace, key, value, ttl, size, clock);
    if (extras !== undefined) this.putExtras(free, extras);
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
    // The slots that are swept for expired entries now have these, too.
    this.sweep.expectAll(this.expiresAt);
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
    this.empty();
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
    this.detach(slot);
    return slot;
  }

  #evictExpired(clock: CoarseClock): number {
    const now = clock.now();
    const expired = this.sweep.next(this, now);
    if (expired === 0) return this.#evictByPolicy(clock);
    // Else a tag of it was deleted, which is not counted.
    if (this.expiresAt[expired] <= now) this.#countExpired(expired);
    this.policy.remove(expired);
    this.detach(expired);
    return expired;
  }

  #evictByPolicy(clock: CoarseClock): number {
    const slot = this.policy.evict();
    if (this.isTimed === true && clock.isPast(this.expiresAt, slot)) this.#countExpired(slot);
    else if (!(this.isTagged && this.extras.isDeleted(slot))) {
      this.evictions++;
      if (evict.hasSubscribers) this.#note(evict, slot);
    }
    this.detach(slot);
    return slot;
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
      this.empty();
      return;
    }
    const culled = Math.max(1, Math.floor(this.maxEntries / cullFrequency));
    for (let i = 0; i < culled; i++) this.release(this.#evictByPolicy(clock));
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

  /** Another entry comes into `slot`. */
  #dropExtras(slot: number, clock: CoarseClock): void {
    if (this.extras.staleTimeOf(slot) > 0 && clock.isPast(this.expiresAt, slot)) this.#countExpired(slot);
    this.extras.drop(slot);
  }
}

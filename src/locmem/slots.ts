import type { CoarseClock } from '../core/clock.js';
import type { EntryExtras } from '../core/entry-extras.js';
import { Extras } from './extras.js';
import { hashKey } from './hash-key.js';
import { type Keyspace, Keyspaces, type Namespace } from './keyspaces.js';
import type { EvictionPolicy } from './policy.js';
import type { StoreSettings } from './store-settings.js';
import { Sweep } from './sweep.js';

const FIRST_CAPACITY = 16;

/**
 * Where entries stand: a struct of arrays, indexed by slot. Slot 0 is nobody's.
 *
 * An object per entry would cost 40 bytes more, and a write barrier and a marking step each to the garbage collector;
 * arrays of numbers cost it nothing (1,000,000 entries: see bench/RESULTS.md, memory and pause).
 *
 * Invariants, checked by the tests after every operation: each used slot is in exactly one namespace's table, under its
 * key; the policy holds the used slots and no other; `count` is their number, `size` the sum of their sizes.
 */
export class Slots {
  readonly policy: EvictionPolicy;
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
  /** Whether any entry ever had extras; and whether any had tags, so that a hit has to look. */
  hasExtras = false;
  isTagged = false;
  readonly extras = new Extras(0);

  /** The highest slot ever used; those below it that are free are in `free`. */
  used = 0;
  readonly free: number[] = [];
  count = 0;
  size = 0;

  protected readonly sweep = new Sweep();
  protected readonly maxEntries: number;
  #capacity = 0;

  constructor(settings: StoreSettings, policy: EvictionPolicy) {
    this.policy = policy;
    this.isSized = settings.sizeOf;
    this.maxEntries = settings.maxEntries;
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

  /** Removes the entry in `slot`, for whatever reason but eviction. */
  remove(slot: number): void {
    this.policy.remove(slot);
    this.detach(slot);
    this.release(slot);
  }

  /** Lets the entry in `slot` live for `ttl` from now on. */
  setTtl(slot: number, ttl: number, clock: CoarseClock): void {
    if (this.isTimed !== true) {
      if (ttl === Number.POSITIVE_INFINITY) return;
      this.#startTiming();
    }
    const { expiresAt } = this;
    clock.stamp(expiresAt, slot, ttl);
    this.sweep.expect(expiresAt, slot);
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

  protected overwrite(
    slot: number,
    namespace: Namespace,
    value: unknown,
    ttl: number,
    size: number,
    clock: CoarseClock,
  ): void {
    this.values[slot] = value;
    if (this.hasManyNamespaces === true) this.ids[slot] = namespace.id;
    this.setTtl(slot, ttl, clock);
    if (this.isSized) {
      this.size += size - this.sizes[slot];
      this.sizes[slot] = size;
    }
    this.policy.hit(slot);
  }

  protected insert(
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

  protected putExtras(slot: number, extras: EntryExtras): void {
    this.hasExtras = true;
    this.extras.put(slot, extras, this.ownerOf(slot).keyspace.prefix);
    this.isTagged = this.extras.isTagged;
  }

  /** Takes an entry that the policy has let go of out of its table and out of the counts. */
  protected detach(slot: number): void {
    this.ownerOf(slot).table.delete(this.keys[slot]!);
    if (this.isSized) this.size -= this.sizes[slot];
    if (this.hasExtras === true) this.extras.drop(slot);
    this.count--;
  }

  protected release(slot: number): void {
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    this.free.push(slot);
  }

  protected allocate(): number {
    const slot = this.free.pop();
    if (slot !== undefined) return slot;
    if (this.used === this.#capacity) this.#grow();
    return ++this.used;
  }

  /** Doubles, up to `maxEntries`: a large bound costs nothing until it is filled. */
  #grow(): void {
    const capacity = Math.min(this.maxEntries, Math.max(FIRST_CAPACITY, 2 * this.#capacity));
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
  protected empty(): void {
    for (const namespace of this.keyspaces.namespaces) namespace?.table.clear();
    this.policy.clear();
    this.keys.fill(undefined);
    this.values.fill(undefined);
    this.extras.clear();
    this.sweep.clear(this);
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

import { CANNOT_LIST, cannotClearUnder } from '../core/clear-under.js';
import type { Address, ChangeListener, NewEntry, NotNumber } from '../core/engine.js';
import type { EntryExtras, Lease, Recalled } from '../core/entry-extras.js';
import { answerOf, whole } from '../core/partly-unavailable.js';
import type { Flights } from '../load/flights.js';
import type { FarLoadingEngine, LoadingEngine } from '../load/loading-server-cache.js';
import { WatchedReads } from '../load/watched-reads.js';
import type { NearTier } from './near-tier.js';
import type { TieredSettings } from './tiered-options.js';

/**
 * An l2 with an l1 in front. What l2 says is what holds: writes go there first; l1 has copies, never for longer than l2.
 *
 * Between a read of l2 and the copy that is kept of it others may write: they are heard of (by the server's push), or
 * are calls of this cache, and each overrules the reads under way. A copy that was overruled is not kept.
 */
export class TieredEngine implements LoadingEngine {
  readonly flights: Flights;
  readonly #near: NearTier;
  readonly #far: FarLoadingEngine;
  readonly #settings: TieredSettings;
  /** Milliseconds, of a clock that only goes forward. */
  readonly #now: () => number;
  readonly #copies = new WatchedReads();
  /** Whether l1 may be read: not before the server tells what changes, as it may have copies of long ago. */
  isNearGood: boolean;
  /** Absent where l2 has none. */
  readonly takeLease?: (at: Address) => Promise<Lease | undefined>;
  #tellsChanges = false;
  #isClosed = false;

  constructor(near: NearTier, far: FarLoadingEngine, settings: TieredSettings, now = () => performance.now()) {
    this.#near = near;
    this.#settings = settings;
    this.#now = now;
    this.isNearGood = far.follow === undefined;
    this.#far = far.follow?.(this.#listener()) ?? far;
    this.flights = far.flights;
    if (far.takeLease !== undefined) this.takeLease = (at) => this.#far.takeLease!(at);
  }

  #listener(): ChangeListener {
    const flush = (): void => {
      this.#copies.overruleAll();
      this.#near.clear();
    };
    return {
      connected: (tellsChanges) => {
        flush();
        this.#tellsChanges = tellsChanges;
        this.isNearGood = true;
      },
      disconnected: () => {
        this.#tellsChanges = false;
        this.flights.overruleAll();
        flush();
      },
      changed: (name) => {
        if (name === null) {
          this.flights.overruleAll();
          flush();
          return;
        }
        this.#copies.overrule(name);
        this.flights.overrule(name);
        this.#near.dropStored(name);
      },
      tagChanged: (tag) => this.#dropTags([tag]),
    };
  }

  /** Reads l2, and keeps a copy in l1, which was asked before. */
  async read(at: Address): Promise<unknown> {
    return (await this.#readFar([at]))[0];
  }

  async readMany(ats: readonly Address[]): Promise<unknown[]> {
    const values: unknown[] = ats.map((at) => (this.isNearGood ? this.#near.get(at) : undefined));
    const missing = [...values.keys()].filter((i) => values[i] === undefined);
    if (missing.length === 0) return values;
    const { answer: found, failure } = await answerOf(this.#readFar(missing.map((i) => ats[i]!)), []);
    for (const [i, at] of missing.entries()) values[at] = found[i];
    return whole(values, failure);
  }

  async #readFar(ats: readonly Address[]): Promise<unknown[]> {
    const watches = ats.map(({ name }) => this.#copies.begin(name));
    const asked = this.#now();
    try {
      const { answer: found, failure } = await answerOf(this.#far.readTimed(ats));
      const values = found.map((timed, i) => {
        if (timed !== undefined && !watches[i]!.isOverruled) {
          this.#keep(ats[i]!, timed.value, timed.ttl, asked, timed.tags);
        }
        return timed?.value;
      });
      return whole(values, failure);
    } finally {
      for (const [i, { name }] of ats.entries()) this.#copies.end(name, watches[i]!);
    }
  }

  write(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    return this.#change([at], async (isCurrent) => {
      const asked = this.#now();
      await this.#far.write(at, sealed, ttl, extras);
      if (isCurrent(at)) this.#keep(at, this.#far.unseal(sealed), ttl, asked, extras?.tags);
      else this.#near.drop(at);
    });
  }

  async writeLoaded(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<void> {
    if (this.#isClosed) return this.#far.writeLoaded(at, sealed, ttl, extras);
    // Redis tells us of what a script stores, as if another had: then the copy is kept when it is read next.
    await this.#change([at], async (isCurrent) => {
      const asked = this.#now();
      const isStored = await this.#far.storeLoaded(at, sealed, ttl, extras);
      if (isStored && isCurrent(at)) this.#keep(at, this.#far.unseal(sealed), ttl, asked, extras?.tags);
      else this.#near.drop(at);
    });
  }

  writeNew(at: Address, sealed: unknown, ttl: number, extras?: EntryExtras): Promise<boolean> {
    return this.#change([at], async (isCurrent) => {
      const asked = this.#now();
      const isNew = await this.#far.writeNew(at, sealed, ttl, extras);
      if (isNew && isCurrent(at)) this.#keep(at, this.#far.unseal(sealed), ttl, asked, extras?.tags);
      else this.#near.drop(at);
      return isNew;
    });
  }

  writeMany(entries: readonly NewEntry[], ttl: number, extras?: EntryExtras): Promise<Address[]> {
    const ats = entries.map(({ at }) => at);
    return this.#change(ats, async (isCurrent) => {
      const asked = this.#now();
      const { answer, failure } = await answerOf(this.#far.writeMany(entries, ttl, extras));
      const failed = new Set(answer);
      for (const { at, sealed } of entries) {
        if (!failed.has(at) && isCurrent(at)) this.#keep(at, this.#far.unseal(sealed), ttl, asked, extras?.tags);
        else this.#near.drop(at);
      }
      return whole(answer, failure);
    });
  }

  /** Of l2: copies know neither when the entry itself expires, nor what is stale. */
  recall(at: Address): Promise<Recalled | undefined> {
    return this.#far.recall(at);
  }

  renew(at: Address, ttl: number, staleFor: number): Promise<boolean> {
    return this.#change([at], async () => {
      const was = await this.#far.renew(at, ttl, staleFor);
      this.#near.drop(at);
      return was;
    });
  }

  async removeTags(tags: readonly string[]): Promise<void> {
    this.#copies.overruleAll();
    try {
      await this.#far.removeTags(tags);
    } finally {
      this.#dropTags(tags);
    }
  }

  /** Of what is being read the tags are not known yet. */
  #dropTags(tags: readonly string[]): void {
    this.#copies.overruleAll();
    if (!this.#isClosed) this.#near.dropTags(tags);
  }

  async contains(at: Address): Promise<boolean> {
    return (this.isNearGood && this.#near.has(at)) || this.#far.contains(at);
  }

  remove(at: Address): Promise<boolean> {
    return this.#change([at], async () => {
      const was = await this.#far.remove(at);
      this.#near.drop(at);
      return was;
    });
  }

  removeLoaded(at: Address): Promise<unknown> {
    return this.#change([at], async () => {
      await this.#far.removeLoaded(at);
      this.#near.drop(at);
    });
  }

  removeMany(ats: readonly Address[]): Promise<number> {
    return this.#change(ats, async () => {
      const removed = await this.#far.removeMany(ats);
      for (const at of ats) this.#near.drop(at);
      return removed;
    });
  }

  /**
   * The copy goes: Redis tells a change to all but who changed the key last, and of the changes of one turn of its loop
   * the last only. Of what another wrote just before this, we would not hear.
   */
  prolong(at: Address, ttl: number): Promise<boolean> {
    return this.#change([at], async () => {
      const was = await this.#far.prolong(at, ttl);
      this.#near.drop(at);
      return was;
    });
  }

  increase(at: Address, delta: number): Promise<number | NotNumber | undefined> {
    return this.#change([at], async () => {
      const result = await this.#far.increase(at, delta);
      this.#near.drop(at);
      return result;
    });
  }

  move(from: Address, to: Address): Promise<boolean> {
    return this.#change([from, to], async () => {
      const was = await this.#far.move(from, to);
      this.#near.drop(from);
      this.#near.drop(to);
      return was;
    });
  }

  removeAll(): Promise<void> {
    return this.#removing(() => this.#far.removeAll());
  }

  async removeUnder(head: string): Promise<void> {
    const far = this.#far;
    if (far.removeUnder === undefined) throw cannotClearUnder(head, CANNOT_LIST);
    await this.#removing(() => far.removeUnder!(head));
  }

  /** All copies go: they are soon made again. */
  async #removing(remove: () => Promise<void>): Promise<void> {
    this.#copies.overruleAll();
    try {
      await remove();
    } finally {
      this.#copies.overruleAll();
      this.#near.clear();
    }
  }

  seal(value: unknown): unknown {
    return this.#far.seal(value);
  }

  unseal(sealed: unknown): unknown {
    return this.#far.unseal(sealed);
  }

  checkName(name: string): void {
    this.#far.checkName(name);
  }

  /** Who hears no more what others change leaves no copies to those with whom l1 is shared: the last may be unheard of. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#far.close();
    if (this.#far.follow !== undefined) this.#near.clear();
  }

  get #longest(): number {
    return this.#tellsChanges ? this.#settings.toldTtl : this.#settings.untoldTtl;
  }

  /** @param asked when l2 was asked, of which the time to live may count since. */
  #keep(at: Address, value: unknown, ttl: number, asked: number, tags?: readonly string[]): void {
    if (this.#isClosed) return;
    const left = Math.min(ttl, this.#longest) - (this.#now() - asked);
    if (left > 0) this.#near.keep(at, value, left, tags);
    else this.#near.drop(at);
  }

  /** What is read of these entries while they are changed is not kept; what a failed change has done is not known. */
  async #change<T>(ats: readonly Address[], change: (isCurrent: (at: Address) => boolean) => Promise<T>): Promise<T> {
    for (const { name } of ats) this.#copies.overrule(name);
    const watches = new Map(ats.map(({ name }) => [name, this.#copies.begin(name)]));
    try {
      return await change(({ name }) => watches.get(name)?.isOverruled === false);
    } catch (error) {
      for (const at of ats) this.#near.drop(at);
      throw error;
    } finally {
      for (const [name, watch] of watches) {
        this.#copies.end(name, watch);
        // Who began to read meanwhile may have read what was before.
        this.#copies.overrule(name);
      }
    }
  }
}

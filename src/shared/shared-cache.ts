import type { Cache } from '../core/cache.js';
import { readCacheOptions } from '../core/cache-options.js';
import type { GetOptions, VersionOptions } from '../core/call-options.js';
import { type ClearsUnder, cannotClearUnder, clearUnder, HAS_KEY_FUNCTION } from '../core/clear-under.js';
import { CoarseClock, systemClock } from '../core/clock.js';
import { aliasOf, type BackendName, type CacheEvent, evict, expire, hit } from '../core/diagnostics.js';
import type { EntryExtras, Lease, Recalled } from '../core/entry-extras.js';
import { CacheClosedError, InvalidConfigError, show, ValueTooLargeError } from '../core/errors.js';
import { checkKey, defaultKeyFunction, storedKey, warnOfUnportableKey } from '../core/keys.js';
import { Snapshot, sealCopy } from '../core/snapshot.js';
import type { CacheStats } from '../core/stats.js';
import { Flights } from '../load/flights.js';
import { LoadingCache } from '../load/loading-cache.js';
import { encodeExtras } from './extras.js';
import { COUNT, HEADER, PARTICIPANT } from './layout.js';
import { NearCache } from './near-cache.js';
import { nameOf, namespaceBytes } from './outgoing-record.js';
import { MISS } from './reader.js';
import { CODEC, NO_PREFIX_CELL } from './record.js';
import { RunFence } from './run-fence.js';
import { Search } from './search.js';
import { openSegment, type Part, type Segment } from './segment.js';
import { readSharedOptions, type SharedCacheOptions } from './shared-options.js';
import { removePrefix, removeUnder, survey } from './survey.js';

/** Near values may take this part of the segment's size, encoded. */
const NEAR_SHARE = 1 / 4;
const MOST_NAMESPACES = 100;
const NO_TAGS: readonly string[] = [];

/**
 * A cache in memory that every process and thread of the machine shares: whoever opens the same location as the same
 * user has the same cache. Coherent, crash-proof, warm after a restart; no server.
 *
 * @throws InvalidConfigError if an option is wrong or unknown.
 * @throws NoSpaceError if there is no room for `maxBytes`.
 * @throws SegmentError if the location cannot be used: it is someone else's, not a segment, of another size or layout.
 */
export class SharedCache extends LoadingCache implements ClearsUnder {
  readonly #segment: Segment;
  readonly #clock: CoarseClock;
  readonly #isFrozen: boolean;
  readonly #hasKeyFunction: boolean;
  readonly #ownVersion: number;
  readonly #ownNamespace: Uint8Array;
  readonly #ownOverhead: number;
  readonly #namespaces = new Map<number, Uint8Array>();
  readonly #prefixCell: number;
  readonly #prefixHash: number;
  readonly #near: NearCache;
  readonly #search: Search;
  readonly #flights: Flights;
  readonly #flightsHere: Map<string, Flights>;
  /** The near cache while this cache is open, and its keys are stored as they are given: one test on the hot path. */
  #quickNear: NearCache | undefined;
  protected override readonly readsFromOutside = true;
  #invalid = 0;
  #isOpen = true;

  constructor(options: SharedCacheOptions) {
    const { maxBytes, values, nearEntries } = readSharedOptions(options);
    super(readCacheOptions(options));
    const { keyPrefix, version, keyFunction } = this.settings;
    this.#hasKeyFunction = keyFunction !== defaultKeyFunction;
    this.#ownVersion = version;
    this.#ownNamespace = namespaceBytes(keyPrefix, version, this.#hasKeyFunction);
    this.#ownOverhead = Buffer.byteLength(`${keyPrefix}:${version}:`);
    this.#isFrozen = values === 'frozen';
    const clock = options.clock ?? systemClock;
    this.#clock = new CoarseClock(clock, clock === systemClock ? 1 : 0);
    const segment = openSegment(options.location, maxBytes);
    this.#segment = segment;
    segment.opener ??= this;
    this.#search = new Search(segment, this.#clock);
    try {
      this.#prefixCell = keyPrefix === '' ? NO_PREFIX_CELL : segment.changing.cellOf(keyPrefix);
    } catch (error) {
      segment.close();
      throw error;
    }
    this.#prefixHash = segment.clears.tags.hashOfPrefix(keyPrefix);
    const shards = segment.parts.map(({ memory }) => memory.words);
    this.#near = new NearCache(nearEntries, maxBytes * NEAR_SHARE, shards, segment.clears, this.#prefixCell);
    this.#quickNear = this.#hasKeyFunction ? undefined : this.#near;
    this.#flightsHere = flightsOf(segment);
    this.#flights = flightsIn(this.#flightsHere, keyPrefix, this.#hasKeyFunction);
    warnOfUnportableKey(keyPrefix, 0);
  }

  protected override get backend(): BackendName {
    return 'shared';
  }

  /** Counts of the whole segment, since it was made. Walks the index: 40 ms for 200,000 entries. */
  statsSync(): CacheStats {
    this.checkOpen();
    const segment = this.#segment;
    const now = this.#clock.now();
    const counted = (what: number) => segment.parts.reduce((sum, { memory }) => sum + memory.counted(what), 0);
    const { entries, bytes, expired } = survey(segment, now);
    const resets = segment.header[HEADER.RESETS];
    return {
      hits: segment.hits,
      misses: segment.misses,
      sets: counted(COUNT.SETS),
      deletes: counted(COUNT.DELETES),
      evictions: counted(COUNT.EVICTIONS),
      expirations: counted(COUNT.EXPIRATIONS) + expired,
      entries,
      bytes,
      ...(resets > 0 && { resets }),
      ...(this.#invalid > 0 && { invalid: this.#invalid }),
    };
  }

  [clearUnder](head: string): void {
    this.checkOpen();
    if (this.#hasKeyFunction) throw cannotClearUnder(head, HAS_KEY_FUNCTION);
    this.#segment.clears.sweep();
    removeUnder(this.#segment, this.#ownNamespace, head);
    this.flights.overruleAll();
  }

  closeSync(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#quickNear = undefined;
    this.#near.clear();
    this.#segment.close();
  }

  override getSync<T = unknown>(key: string, options?: VersionOptions): T | undefined;
  override getSync<T = unknown>(key: string, options: GetOptions<null> & { default: null }): T | null;
  override getSync<T = unknown, D = T>(key: string, options: GetOptions<D> & { default: D }): T | D;
  // The hot path, flattened: a near hit is a look into a map and three words of the segment.
  override getSync(key: string, options?: GetOptions<unknown>): unknown {
    const near = this.#quickNear;
    if (options !== undefined || near === undefined) return super.getSync(key, options as never);
    const value = near.hit(key, this.#clock);
    if (value === undefined) {
      const found = this.#readSegment(key, this.#ownVersion);
      this.tellRead('get', key, this.#ownVersion, found !== undefined);
      return found;
    }
    this.#segment.counts[PARTICIPANT.HITS]++;
    if (hit.hasSubscribers) this.tellRead('get', key, this.#ownVersion, true);
    return value;
  }

  protected override get flights(): Flights {
    return this.#flights;
  }

  protected override read(key: string, version: number): unknown {
    const near = this.#quickNear;
    if (version === this.#ownVersion && near !== undefined) {
      const value = near.hit(key, this.#clock);
      if (value !== undefined) {
        this.#segment.counts[PARTICIPANT.HITS]++;
        return value;
      }
    }
    return this.#readSegment(key, version);
  }

  #readSegment(key: string, version: number): unknown {
    this.checkOpen();
    checkKey(key);
    const segment = this.#segment;
    const name = this.#nameOf(key, version);
    this.#near.noteClears();
    const part = this.#address(name, version);
    const at = part === undefined ? MISS : this.#search.live(part);
    const value = at > 0 ? this.#decode(part!, at) : undefined;
    if (value === undefined) {
      segment.counts[PARTICIPANT.MISSES]++;
      this.#warnOfKey(name, version);
      this.#tellDepartures();
      return undefined;
    }
    segment.counts[PARTICIPANT.HITS]++;
    if (version !== this.#ownVersion || this.#hasKeyFunction) return this.#isFrozen ? frozen(value) : value;
    return this.#keepNear(key, value, part!, at);
  }

  /** Keeps a value near by if it is worth it. The value for the reader. */
  #keepNear(key: string, value: unknown, part: Part, at: number): unknown {
    const { incoming, out } = this.#segment;
    const near = this.#near;
    const bytes = incoming.valueBytes + incoming.valueAt;
    // A frozen value is one for all readers only if it is kept.
    const isKept = near.admits(out.hash, bytes) || (this.#isFrozen && near.takes(bytes));
    if (!isKept) return this.#isFrozen ? frozen(value) : value;
    const { version } = part.reader;
    const kept =
      this.#isFrozen && typeof value === 'object' && value !== null ? Snapshot.frozen(value) : sealCopy(value);
    const { expiresAt, tagCells } = incoming;
    near.keep(key, kept, this.#segment.parts.indexOf(part), at, version, expiresAt, bytes, tagCells);
    return this.#isFrozen && kept instanceof Snapshot ? kept.restore() : value;
  }

  /** `undefined` where the bytes cannot be read: the record was made by a version of Node, or of locmem, to come. */
  #decode(part: Part, at: number): unknown {
    part.shard.visit(at);
    try {
      return this.#segment.codec.decode(this.#segment.incoming);
    } catch {
      return undefined;
    }
  }

  protected override noteInvalid(isHit: boolean): void {
    if (!this.#isOpen) return;
    this.#invalid++;
    if (!isHit) return;
    const { counts } = this.#segment;
    counts[PARTICIPANT.HITS]--;
    counts[PARTICIPANT.MISSES]++;
  }

  protected override recall(key: string, version: number): Recalled | undefined {
    this.checkOpen();
    const name = this.#nameOf(key, version);
    const found = this.#recallName(name, version);
    const isHit = found !== undefined && found.left > 0;
    this.#segment.counts[isHit ? PARTICIPANT.HITS : PARTICIPANT.MISSES]++;
    if (found === undefined) this.#warnOfKey(name, version);
    return found;
  }

  protected override lookAgain(key: string, version: number): Recalled | undefined {
    this.checkOpen();
    return this.#recallName(this.#nameOf(key, version), version);
  }

  #recallName(name: string, version: number): Recalled | undefined {
    const part = this.#address(name, version);
    const at = part === undefined ? MISS : this.#search.held(part);
    const value = at > 0 ? this.#decode(part!, at) : undefined;
    if (value === undefined) {
      this.#tellDepartures();
      return undefined;
    }
    const { expiresAt, loadTime, tags } = this.#segment.incoming;
    const left = expiresAt - this.#clock.now();
    return { value: this.#isFrozen ? frozen(value) : value, left, loadTime, tags };
  }

  protected override renew(key: string, ttl: number, staleFor: number, version: number): boolean {
    return this.renewByRun(key, ttl, staleFor, version);
  }

  protected override renewByRun(
    key: string,
    ttl: number,
    staleFor: number,
    version: number,
    fence?: RunFence,
  ): boolean {
    const renewed = this.#change(
      key,
      version,
      (part, at, now) => {
        if (!part.shard.renew(at, now + ttl, staleFor)) this.#storeAnew(part, at, now + ttl, staleFor, now);
        return true;
      },
      true,
      false,
      fence,
    );
    return renewed as boolean;
  }

  /** Writes the entry that stands there once more, with room for its extras; where that is too large, without. */
  #storeAnew(part: Part, at: number, expiresAt: number, staleFor: number, now: number): void {
    const { out, incoming, clears, layout } = this.#segment;
    part.shard.copyOut(at, incoming);
    const extras = encodeExtras({ staleFor, loadTime: 0, tags: [] }, clears.tags, this.#prefixHash);
    out.setEncoded(incoming.form, incoming.body, extras);
    out.prefix = this.#prefixCell;
    if (out.valueBytes > layout.largestValue || out.units > part.memory.main.units) part.shard.prolong(at, expiresAt);
    else part.shard.put(out, expiresAt, now, incoming.stamp);
  }

  protected override removeTags(tags: readonly string[]): void {
    this.checkOpen();
    const { changing, clears } = this.#segment;
    for (const tag of tags) {
      clears.tags.delete(clears.tags.cellOf(this.#prefixHash, tag), () => changing.clearAll());
    }
  }

  /** Caches of one prefix share its tags, also where one of them makes its keys itself. */
  protected override tagsChanged(tags: readonly string[]): void {
    for (const flights of this.#flightsHere.values()) flights.overruleTagged(this.settings.keyPrefix, tags);
  }

  protected override fence(key: string, version: number, overrules: boolean): RunFence | undefined {
    const segment = this.#segment;
    if (segment.users === 0) return undefined;
    const part = this.#address(this.#nameOf(key, version), version);
    if (part === undefined) return undefined;
    const { writes } = part.memory;
    const { hash } = segment.out;
    if (overrules) {
      segment.enter(part);
      writes.add(hash);
      segment.leave(part);
    }
    return new RunFence(segment.clears, this.#prefixCell, this.#prefixHash, writes, hash);
  }

  protected override takeLease(key: string, version: number): Lease | null | undefined {
    const segment = this.#segment;
    if (segment.users === 0) return null;
    const part = this.#address(this.#nameOf(key, version), version);
    return part === undefined ? null : segment.leases.take(segment.out.hash);
  }

  protected override contains(key: string, version: number): boolean {
    this.checkOpen();
    const name = this.#nameOf(key, version);
    const part = this.#address(name, version);
    const at = part === undefined ? MISS : this.#search.live(part);
    if (at > 0) part!.shard.visit(at);
    else {
      this.#warnOfKey(name, version);
      this.#tellDepartures();
    }
    return at > 0;
  }

  protected override write(key: string, sealed: unknown, ttl: number, version: number, extras?: EntryExtras): void {
    this.checkOpen();
    this.#writeEntry(key, sealed, ttl, version, false, extras);
  }

  protected override writeNew(
    key: string,
    sealed: unknown,
    ttl: number,
    version: number,
    extras?: EntryExtras,
  ): boolean {
    this.checkOpen();
    return this.#writeEntry(key, sealed, ttl, version, true, extras);
  }

  /** This cache may be closed; who shares its location in this thread and waited for the run is to have it all the same. */
  protected override writeLoaded(
    key: string,
    sealed: unknown,
    ttl: number,
    version: number,
    extras?: EntryExtras,
    fence?: RunFence,
  ): boolean {
    return this.#segment.users > 0 && this.#writeEntry(key, sealed, ttl, version, false, extras, fence);
  }

  /**
   * @param fence of the run that made it; without one, it is a call that overrules runs.
   * @returns whether it was stored: not where the key is taken and only a new one is wanted, or the run is out of date.
   */
  #writeEntry(
    key: string,
    sealed: unknown,
    ttl: number,
    version: number,
    onlyNew: boolean,
    extras?: EntryExtras,
    fence?: RunFence,
  ): boolean {
    const segment = this.#segment;
    const { out, layout } = segment;
    const name = this.#nameOf(key, version);
    const part = this.#address(name, version);
    if (part === undefined) throw tooLong(key);
    out.setValue(sealed, encodeExtras(extras, segment.clears.tags, this.#prefixHash, fence?.tagCounts));
    if (out.valueBytes > layout.largestValue || out.units > part.memory.main.units) {
      throw tooLarge(key, out.valueBytes, layout.largestValue);
    }
    out.prefix = this.#prefixCell;
    const now = this.#clock.now();
    segment.enter(part);
    try {
      const at = onlyNew || ttl <= 0 ? part.shard.findHeld(out, now) : 0;
      if (onlyNew && at !== 0 && !part.shard.isStale(at, now)) return false;
      if (fence === undefined) part.memory.writes.add(out.hash);
      else if (!fence.holds(extras?.tags ?? NO_TAGS)) return false;
      part.memory.count(COUNT.SETS);
      if (ttl > 0) part.shard.put(out, now + ttl, now, fence?.stamp);
      else if (at !== 0) part.shard.remove(at);
    } finally {
      segment.leave(part);
    }
    this.#warnOfKey(name, version);
    this.#tellDepartures();
    return true;
  }

  /** Last of all in a call, when no lock is held: who listens may use the cache. */
  #tellDepartures(): void {
    if (!evict.hasSubscribers && !expire.hasSubscribers) return;
    const cache = this.#segment.opener as Cache;
    const event: CacheEvent = { cache, alias: aliasOf(cache), backend: this.backend };
    for (const { memory } of this.#segment.parts) {
      const { departures = [] } = memory;
      memory.departures = undefined;
      for (const { channel, name } of departures) channel.publish({ ...event, ...nameOf(name) });
    }
  }

  protected override remove(key: string, version: number): boolean {
    return this.removeByRun(key, version);
  }

  protected override removeByRun(key: string, version: number, fence?: RunFence): boolean {
    const removed = this.#change(
      key,
      version,
      (part, at, now) => {
        const isLive = !part.shard.isStale(at, now);
        if (isLive) part.memory.count(COUNT.DELETES);
        // What is stale is not there, and shall be gone all the same.
        part.shard.remove(at);
        return isLive;
      },
      true,
      fence === undefined,
      fence,
    );
    return removed as boolean;
  }

  protected override prolong(key: string, ttl: number, version: number): boolean {
    return this.#change(key, version, (part, at, now) => {
      if (ttl > 0) part.shard.prolong(at, now + ttl);
      else part.shard.remove(at);
      return true;
    }) as boolean;
  }

  protected override increase(key: string, delta: number, version: number): unknown {
    let isNumber = true;
    const result = this.#change(key, version, (part, at) => {
      isNumber = part.shard.codecAt(at) === CODEC.NUMBER;
      if (isNumber) return part.shard.increase(at, delta);
      part.shard.copyOut(at, this.#segment.incoming);
      return true;
    });
    if (result === false) return undefined;
    return isNumber ? result : this.#segment.codec.decode(this.#segment.incoming);
  }

  /**
   * Calls `change` with the slot of the live entry, or the stale one, under the lock; `false` if there is none.
   *
   * @param overrules whether runs under way are out of date then, also where there is none. @param fence of the run that does it.
   */
  #change(
    key: string,
    version: number,
    change: (part: Part, at: number, now: number) => number | boolean,
    mayBeStale = false,
    overrules = false,
    fence?: RunFence,
  ): number | boolean {
    this.checkOpen();
    const segment = this.#segment;
    const name = this.#nameOf(key, version);
    const part = this.#address(name, version);
    let result: number | boolean = false;
    if (part !== undefined) {
      const now = this.#clock.now();
      segment.enter(part);
      try {
        if (fence !== undefined && !fence.holds(NO_TAGS)) return false;
        if (overrules) part.memory.writes.add(segment.out.hash);
        const at = mayBeStale ? part.shard.findHeld(segment.out, now) : part.shard.find(segment.out, now);
        if (at !== 0) result = change(part, at, now);
      } finally {
        segment.leave(part);
      }
    }
    if (result === false) this.#warnOfKey(name, version);
    this.#tellDepartures();
    return result;
  }

  protected override move(key: string, version: number, target: number): boolean {
    this.checkOpen();
    const segment = this.#segment;
    const name = this.#nameOf(key, version);
    const newName = this.#nameOf(key, target);
    const to = this.#address(newName, target);
    const from = this.#address(name, version);
    if (from === undefined || to === undefined) return false;
    const isSame = this.#hasKeyFunction ? name === newName : version === target;
    const now = this.#clock.now();
    // Always in the same order, or two that move to and fro would wait for each other.
    const parts = from === to ? [from] : segment.parts.filter((part) => part === from || part === to);
    const entered: Part[] = [];
    try {
      for (const part of parts) {
        segment.enter(part);
        entered.push(part);
      }
      const at = from.shard.find(segment.out, now);
      if (at === 0) return false;
      if (isSame) from.shard.visit(at);
      else {
        this.#copyTo(to, newName, target, from, at, now);
        this.#address(name, version);
        from.memory.writes.add(segment.out.hash);
        const left = from.shard.find(segment.out, now);
        if (left !== 0) from.shard.remove(left);
      }
      return true;
    } finally {
      for (const part of entered) segment.leave(part);
      this.#tellDepartures();
    }
  }

  /** Written there before it is removed here: who dies in between loses nothing. */
  #copyTo(to: Part, newName: string, target: number, from: Part, at: number, now: number): void {
    const { out, incoming } = this.#segment;
    from.shard.copyOut(at, incoming);
    this.#address(newName, target);
    out.setEncoded(incoming.form, incoming.body);
    out.prefix = this.#prefixCell;
    to.memory.writes.add(out.hash);
    // A clear meanwhile removes it there, too, or that of a tag.
    to.shard.put(out, incoming.expiresAt, now, incoming.stamp);
  }

  protected override removeAll(): void {
    this.checkOpen();
    const { keyPrefix } = this.settings;
    const { changing } = this.#segment;
    if (keyPrefix === '') changing.clearAll();
    else if (this.#prefixCell !== NO_PREFIX_CELL) changing.clearPrefix(this.#prefixCell);
    else if (this.#hasKeyFunction) throw cannotTell(keyPrefix);
    else {
      this.#segment.clears.sweep();
      removePrefix(this.#segment, namespaceBytes(keyPrefix, 0, false));
    }
    for (const flights of this.#flightsHere.values()) flights.overruleAll(keyPrefix === '' ? undefined : keyPrefix);
  }

  protected override checkOpen(): void {
    if (!this.#isOpen) {
      throw new CacheClosedError(
        'This SharedCache was closed. Make a new one, or close it when nobody uses it any more.',
      );
    }
  }

  protected override checkEntry(key: string, _sealed: unknown, version: number): void {
    this.#nameOf(key, version);
  }

  protected override flightName(key: string, version: number): string {
    return this.#hasKeyFunction ? this.#nameOf(key, version) : super.flightName(key, version);
  }

  protected override seal(value: unknown): unknown {
    return this.#segment.codec.seal(value);
  }

  protected override unseal(sealed: unknown): unknown {
    const value = this.#segment.codec.unseal(sealed);
    return this.#isFrozen ? frozen(value) : value;
  }

  /** Sets the key that is looked for. @returns where it belongs; `undefined` if it is too long to be anywhere. */
  #address(name: string, version: number): Part | undefined {
    const segment = this.#segment;
    const namespace = version === this.#ownVersion ? this.#ownNamespace : this.#namespaceOf(version);
    return segment.out.setKey(namespace, name, segment.seed) ? segment.partOf(segment.out.hash) : undefined;
  }

  #namespaceOf(version: number): Uint8Array {
    let namespace = this.#namespaces.get(version);
    if (namespace === undefined) {
      namespace = namespaceBytes(this.settings.keyPrefix, version, this.#hasKeyFunction);
      if (this.#namespaces.size >= MOST_NAMESPACES) this.#namespaces.clear();
      this.#namespaces.set(version, namespace);
    }
    return namespace;
  }

  /** What stands for the key in its namespace: the key, or what the key function makes of it. */
  #nameOf(key: string, version: number): string {
    return this.#hasKeyFunction ? storedKey(this.settings.keyFunction, key, this.settings.keyPrefix, version) : key;
  }

  #warnOfKey(name: string, version: number): void {
    if (this.#hasKeyFunction) warnOfUnportableKey(name, 0);
    else if (version === this.#ownVersion) warnOfUnportableKey(name, this.#ownOverhead);
    else warnOfUnportableKey(name, Buffer.byteLength(`${this.settings.keyPrefix}:${version}:`));
  }
}

function frozen(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Snapshot.frozen(value).restore() : value;
}

/** The runs under way in this thread, of all caches at one segment: by prefix, and by whether there is a key function. */
const flightsBySegment = new WeakMap<Segment, Map<string, Flights>>();

function flightsOf(segment: Segment): Map<string, Flights> {
  const known = flightsBySegment.get(segment) ?? new Map<string, Flights>();
  flightsBySegment.set(segment, known);
  return known;
}

function flightsIn(all: Map<string, Flights>, prefix: string, hasKeyFunction: boolean): Flights {
  // With a key function, keys of several prefixes may be one and the same.
  const name = hasKeyFunction ? 'function' : `prefix ${prefix}`;
  const flights = all.get(name) ?? new Flights();
  all.set(name, flights);
  return flights;
}

function tooLong(key: string): ValueTooLargeError {
  return new ValueTooLargeError(`A key is at most 65,535 bytes long, with prefix and version; got ${show(key)}.`);
}

function tooLarge(key: string, bytes: number, most: number): ValueTooLargeError {
  return new ValueTooLargeError(
    `The value at ${show(key)} takes ${bytes} bytes; an eighth of maxBytes, here ${most}, is the most. Nothing was stored.`,
  );
}

function cannotTell(prefix: string): InvalidConfigError {
  return new InvalidConfigError(
    `clear() cannot tell the entries of prefix ${show(prefix)}: its keys are made by a function, and the segment knows no ` +
      'more prefixes. Use fewer or shorter prefixes, or a location for each.',
  );
}

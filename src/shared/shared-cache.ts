import { readCacheOptions } from '../core/cache-options.js';
import type { GetOptions, VersionOptions } from '../core/call-options.js';
import { type ClearsUnder, cannotClearUnder, clearUnder, HAS_KEY_FUNCTION } from '../core/clear-under.js';
import { CoarseClock, systemClock } from '../core/clock.js';
import { type BackendName, hit } from '../core/diagnostics.js';
import type { EntryExtras, Lease, Recalled } from '../core/entry-extras.js';
import { CacheClosedError } from '../core/errors.js';
import type { CacheStats } from '../core/stats.js';
import type { Flights } from '../load/flights.js';
import { LoadingCache } from '../load/loading-cache.js';
import { clearHead, clearPrefix } from './clearing.js';
import { EntryReader } from './entry-reader.js';
import { EntryWriter } from './entry-writer.js';
import { KeySpace } from './key-space.js';
import { PARTICIPANT } from './layout.js';
import { moveToVersion } from './move-to-version.js';
import { NearCache } from './near-cache.js';
import type { RunFence } from './run-fence.js';
import { openSegment, type Segment } from './segment.js';
import { statsOf } from './segment-stats.js';
import { readSharedOptions, type SharedCacheOptions } from './shared-options.js';

/** Near values may take this part of the segment's size, encoded. */
const NEAR_SHARE = 1 / 4;

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
  readonly #keys: KeySpace;
  readonly #near: NearCache;
  readonly #reader: EntryReader;
  readonly #writer: EntryWriter;
  readonly #flights: Flights;
  readonly #ownVersion: number;
  /** The near cache while this cache is open, and its keys are stored as they are given: one test on the hot path. */
  #quickNear: NearCache | undefined;
  protected override readonly readsFromOutside = true;
  #invalid = 0;
  #isOpen = true;

  constructor(options: SharedCacheOptions) {
    const { maxBytes, values, nearEntries } = readSharedOptions(options);
    super(readCacheOptions(options));
    const clock = options.clock ?? systemClock;
    this.#clock = new CoarseClock(clock, clock === systemClock ? 1 : 0);
    const segment = openSegment(options.location, maxBytes);
    this.#segment = segment;
    segment.opener ??= this;
    try {
      this.#keys = new KeySpace(segment, this.settings);
    } catch (error) {
      segment.close();
      throw error;
    }
    const { prefix, prefixCell, version, hasKeyFunction } = this.#keys;
    this.#ownVersion = version;
    const shards = segment.parts.map(({ memory }) => memory.words);
    this.#near = new NearCache(nearEntries, maxBytes * NEAR_SHARE, shards, segment.clears, prefixCell);
    this.#quickNear = hasKeyFunction ? undefined : this.#near;
    this.#reader = new EntryReader(segment, this.#keys, this.#near, this.#clock, values === 'frozen');
    this.#writer = new EntryWriter(segment, this.#keys, this.#clock);
    this.#flights = segment.flights.of(prefix, hasKeyFunction);
  }

  protected override get backend(): BackendName {
    return 'shared';
  }

  /** Counts of the whole segment, since it was made. Walks the index: 40 ms for 200,000 entries. */
  statsSync(): CacheStats {
    this.checkOpen();
    const stats = statsOf(this.#segment, this.#clock.now());
    return this.#invalid > 0 ? { ...stats, invalid: this.#invalid } : stats;
  }

  [clearUnder](head: string): void {
    this.checkOpen();
    if (this.#keys.hasKeyFunction) throw cannotClearUnder(head, HAS_KEY_FUNCTION);
    clearHead(this.#segment, this.#keys, head);
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
    return this.#reader.read(key, version);
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
    return this.#reader.recall(key, version);
  }

  protected override lookAgain(key: string, version: number): Recalled | undefined {
    this.checkOpen();
    return this.#reader.lookAgain(key, version);
  }

  protected override contains(key: string, version: number): boolean {
    this.checkOpen();
    return this.#reader.has(key, version);
  }

  protected override write(key: string, sealed: unknown, ttl: number, version: number, extras?: EntryExtras): void {
    this.checkOpen();
    this.#writer.write(key, sealed, ttl, version, false, extras);
  }

  protected override writeNew(
    key: string,
    sealed: unknown,
    ttl: number,
    version: number,
    extras?: EntryExtras,
  ): boolean {
    this.checkOpen();
    return this.#writer.write(key, sealed, ttl, version, true, extras);
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
    return this.#segment.users > 0 && this.#writer.write(key, sealed, ttl, version, false, extras, fence);
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
    this.checkOpen();
    return this.#writer.renew(key, ttl, staleFor, version, fence);
  }

  protected override remove(key: string, version: number): boolean {
    return this.removeByRun(key, version);
  }

  protected override removeByRun(key: string, version: number, fence?: RunFence): boolean {
    this.checkOpen();
    return this.#writer.remove(key, version, fence);
  }

  protected override prolong(key: string, ttl: number, version: number): boolean {
    this.checkOpen();
    return this.#writer.prolong(key, ttl, version);
  }

  protected override increase(key: string, delta: number, version: number): unknown {
    this.checkOpen();
    return this.#writer.increase(key, delta, version);
  }

  protected override move(key: string, version: number, target: number): boolean {
    this.checkOpen();
    return moveToVersion(this.#segment, this.#keys, key, version, target, this.#clock.now());
  }

  protected override removeAll(): void {
    this.checkOpen();
    clearPrefix(this.#segment, this.#keys);
    this.#segment.flights.overruleAll(this.#keys.prefix);
  }

  protected override removeTags(tags: readonly string[]): void {
    this.checkOpen();
    const { changing, clears } = this.#segment;
    for (const tag of tags) {
      clears.tags.delete(clears.tags.cellOf(this.#keys.prefixHash, tag), () => changing.clearAll());
    }
  }

  protected override tagsChanged(tags: readonly string[]): void {
    this.#segment.flights.overruleTagged(this.#keys.prefix, tags);
  }

  protected override fence(key: string, version: number, overrules: boolean): RunFence | undefined {
    return this.#segment.users > 0 ? this.#writer.fence(key, version, overrules) : undefined;
  }

  protected override takeLease(key: string, version: number): Lease | null | undefined {
    const { users, leases, out } = this.#segment;
    if (users === 0) return null;
    const part = this.#keys.address(this.#keys.nameOf(key, version), version);
    return part === undefined ? null : leases.take(out.hash);
  }

  protected override checkOpen(): void {
    if (!this.#isOpen) {
      throw new CacheClosedError(
        'This SharedCache was closed. Make a new one, or close it when nobody uses it any more.',
      );
    }
  }

  protected override checkEntry(key: string, _sealed: unknown, version: number): void {
    this.#keys.nameOf(key, version);
  }

  protected override flightName(key: string, version: number): string {
    return this.#keys.hasKeyFunction ? this.#keys.nameOf(key, version) : super.flightName(key, version);
  }

  protected override seal(value: unknown): unknown {
    return this.#segment.codec.seal(value);
  }

  protected override unseal(sealed: unknown): unknown {
    return this.#reader.forReader(this.#segment.codec.unseal(sealed));
  }
}

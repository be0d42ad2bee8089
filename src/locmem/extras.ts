import type { EntryExtras } from '../core/entry-extras.js';
import { type Tag, TagRegistry } from './tag-registry.js';

/**
 * What entries are stored with beside value and ttl, by slot. Each lane is empty until an entry needs it: most stores
 * never have one.
 *
 * Whether a tag of an entry was deleted costs one comparison: the store counts the times that tags were deleted, and an
 * entry remembers at which count it was last found valid. Only where they differ its tags are looked at.
 */
export class Extras {
  /** Milliseconds after their end in which entries are stale. */
  staleFor = new Float64Array(0);
  loadTimes = new Float64Array(0);
  /** Empty until there is a tag, as the next. */
  tags: (readonly Tag[] | undefined)[] = [];
  #checkedAt = new Float64Array(0);
  readonly registry = new TagRegistry();
  #deletions = 0;
  #slots: number;

  constructor(slots: number) {
    this.#slots = slots;
  }

  /** The entry in `slot`, of this prefix, is a new one. */
  put(slot: number, { staleFor, loadTime, tags }: EntryExtras, prefix: string): void {
    this.keepStale(slot, staleFor);
    if (loadTime > 0 && this.loadTimes.length === 0) this.loadTimes = new Float64Array(this.#slots + 1);
    if (this.loadTimes.length > 0) this.loadTimes[slot] = loadTime;
    if (tags.length > 0) this.#tag(slot, this.registry.attach(prefix, tags));
  }

  keepStale(slot: number, staleFor: number): void {
    if (staleFor > 0 && this.staleFor.length === 0) this.staleFor = new Float64Array(this.#slots + 1);
    if (this.staleFor.length > 0) this.staleFor[slot] = staleFor;
  }

  /** The entry in `slot` is gone, or is another now. */
  drop(slot: number): void {
    if (this.staleFor.length > 0) this.staleFor[slot] = 0;
    if (this.loadTimes.length > 0) this.loadTimes[slot] = 0;
    if (this.tags.length === 0) return;
    const tags = this.tags[slot];
    if (tags === undefined) return;
    this.registry.detach(tags);
    this.tags[slot] = undefined;
  }

  /** How long after its end the entry is stale. */
  staleTimeOf(slot: number): number {
    return this.staleFor.length > 0 ? this.staleFor[slot] : 0;
  }

  loadTimeOf(slot: number): number {
    return this.loadTimes.length > 0 ? this.loadTimes[slot] : 0;
  }

  namesOf(slot: number): string[] {
    return this.tags[slot]?.map(({ name }) => name) ?? [];
  }

  get isTagged(): boolean {
    return this.tags.length > 0;
  }

  /** Whether any entry had one of them. Those that did are not there any more. */
  deleteTags(prefix: string, names: readonly string[]): boolean {
    let had = false;
    for (const name of names) had = this.registry.delete(prefix, name) || had;
    if (had) this.#deletions++;
    return had;
  }

  /** Whether a tag of the entry was deleted. Only where entries are tagged. */
  isDeleted(slot: number): boolean {
    return this.#checkedAt[slot] !== this.#deletions && this.#hasDeletedTag(slot);
  }

  /** Makes room for slots 1 to `slots`. */
  grow(slots: number): void {
    this.#slots = slots;
    this.staleFor = grown(this.staleFor, slots);
    this.loadTimes = grown(this.loadTimes, slots);
    this.#checkedAt = grown(this.#checkedAt, slots);
    if (this.isTagged) this.tags.length = slots + 1;
  }

  /** All entries are gone. */
  clear(): void {
    this.staleFor.fill(0);
    this.loadTimes.fill(0);
    this.tags.fill(undefined);
    this.registry.clear();
  }

  #tag(slot: number, tags: readonly Tag[]): void {
    if (!this.isTagged) {
      this.tags.length = this.#slots + 1;
      this.#checkedAt = new Float64Array(this.#slots + 1);
    }
    this.tags[slot] = tags;
    this.#checkedAt[slot] = this.#deletions;
  }

  #hasDeletedTag(slot: number): boolean {
    const tags = this.tags[slot];
    if (tags?.some((tag) => tag.isDeleted)) return true;
    this.#checkedAt[slot] = this.#deletions;
    return false;
  }
}

function grown(lane: Float64Array<ArrayBuffer>, slots: number): Float64Array<ArrayBuffer> {
  if (lane.length === 0) return lane;
  const longer = new Float64Array(slots + 1);
  longer.set(lane);
  return longer;
}

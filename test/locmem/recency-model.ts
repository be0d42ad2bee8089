import assert from 'node:assert/strict';

export interface ModelEntry {
  /** Prefix, version and key. */
  readonly name: string;
  readonly value: number;
  readonly expiresAt: number;
  readonly size: number;
}

export interface ModelBounds {
  readonly maxEntries: number;
  readonly maxSize: number;
  readonly cullFrequency: number | undefined;
  /** Whether it is always the least recently used live entry that must go, or one that the policy chooses. */
  readonly isLru: boolean;
}

/**
 * What a store must hold: entries in the order of their last use, the oldest first. It is told which names the store
 * holds after each write, because an expired entry may go before the oldest one, and judges whether that was right.
 */
export class RecencyModel {
  entries: ModelEntry[] = [];
  now = 0;
  readonly #bounds: ModelBounds;

  constructor(bounds: ModelBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.entries.reduce((sum, { size }) => sum + size, 0);
  }

  /** The live entry; an expired one is removed by who comes upon it. */
  find(name: string): ModelEntry | undefined {
    const entry = this.entries.find((candidate) => candidate.name === name);
    if (entry === undefined || entry.expiresAt > this.now) return entry;
    this.remove(name);
    return undefined;
  }

  /** The live entry; an expired one stays, and still counts when `store` culls. */
  peek(name: string): ModelEntry | undefined {
    return this.entries.find((candidate) => candidate.name === name && candidate.expiresAt > this.now);
  }

  remove(name: string): void {
    this.entries = this.entries.filter((entry) => entry.name !== name);
  }

  removeExpired(): void {
    this.entries = this.entries.filter(({ expiresAt }) => expiresAt > this.now);
  }

  /** The entry, changed, is the most recent one. */
  renew(name: string, change: Partial<ModelEntry> = {}): void {
    const entry = this.entries.find((candidate) => candidate.name === name)!;
    this.remove(name);
    this.entries.push({ ...entry, ...change });
  }

  /** A set of `entry`, after which the store holds the names `held`. */
  store(entry: ModelEntry, held: ReadonlySet<string>): void {
    const { maxEntries, maxSize, cullFrequency } = this.#bounds;
    if (cullFrequency !== undefined && this.entries.length >= maxEntries) {
      const culled = cullFrequency === 0 ? maxEntries : Math.max(1, Math.floor(maxEntries / cullFrequency));
      this.entries = this.entries.slice(culled);
    }
    const old = this.entries.find(({ name }) => name === entry.name);
    const replaces = old !== undefined && this.size - old.size + entry.size <= maxSize;
    this.remove(entry.name);
    const gone = this.entries.filter(({ name }) => !held.has(name));
    if (replaces) assert.deepStrictEqual(gone, [], 'an update evicted others');
    else this.#checkVictims(gone, entry);
    this.entries = this.entries.filter((candidate) => !gone.includes(candidate));
    this.entries.push(entry);
  }

  #checkVictims(gone: ModelEntry[], entry: ModelEntry): void {
    const { maxEntries, maxSize, isLru } = this.#bounds;
    const fits = (entries: number, size: number) => entries < maxEntries && size + entry.size <= maxSize;
    const goneSize = gone.reduce((sum, { size }) => sum + size, 0);
    assert.ok(fits(this.entries.length - gone.length, this.size - goneSize), 'the store is over its bounds');
    if (gone.length === 0) return;
    const isOneTooMany = (last: ModelEntry) =>
      fits(this.entries.length - gone.length + 1, this.size - goneSize + last.size);
    assert.ok(!gone.every(isOneTooMany), `more than needed went: ${gone.map(({ name }) => name)}`);
    if (!isLru) return;
    for (const victim of gone) {
      if (victim.expiresAt <= this.now) continue;
      const older = this.entries.slice(0, this.entries.indexOf(victim));
      assert.ok(
        older.every((one) => gone.includes(one)),
        `${victim.name} went before an older one`,
      );
    }
  }
}

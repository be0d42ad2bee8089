/** Django's `LocMemCache` (django/core/cache/backends/locmem.py), as its documentation and source tell: the reference. */
export class DjangoModel {
  /** Most recently used first, as Django's OrderedDict is. */
  #entries: { key: string; value: number; expiresAt: number }[] = [];
  readonly #maxEntries: number;
  readonly #cullFrequency: number;
  now = 0;

  constructor(maxEntries: number, cullFrequency: number) {
    this.#maxEntries = maxEntries;
    this.#cullFrequency = cullFrequency;
  }

  get(key: string): number | undefined {
    const entry = this.#live(key);
    if (entry === undefined) return undefined;
    this.#toFront(entry);
    return entry.value;
  }

  set(key: string, value: number, ttl: number): void {
    if (this.#entries.length >= this.#maxEntries) this.#cull();
    this.#forget(key);
    this.#entries.unshift({ key, value, expiresAt: this.now + ttl });
  }

  add(key: string, value: number, ttl: number): boolean {
    // Unlike `get`, `add` leaves an expired entry where it is, so that it still counts when `set` culls.
    if (this.#entries.some((entry) => entry.key === key && entry.expiresAt > this.now)) return false;
    this.set(key, value, ttl);
    return true;
  }

  incr(key: string, delta: number): number | undefined {
    const entry = this.#live(key);
    if (entry === undefined) return undefined;
    entry.value += delta;
    this.#toFront(entry);
    return entry.value;
  }

  delete(key: string): boolean {
    return this.#live(key) !== undefined && this.#forget(key);
  }

  clear(): void {
    this.#entries = [];
  }

  /** The live keys, most recently used first. */
  keys(): string[] {
    return this.#entries.filter(({ expiresAt }) => expiresAt > this.now).map(({ key }) => key);
  }

  /** An expired entry is deleted by who comes upon it. */
  #live(key: string) {
    const entry = this.#entries.find((candidate) => candidate.key === key);
    if (entry === undefined || entry.expiresAt > this.now) return entry;
    this.#forget(key);
    return undefined;
  }

  #toFront(entry: { key: string; value: number; expiresAt: number }): void {
    this.#forget(entry.key);
    this.#entries.unshift(entry);
  }

  #forget(key: string): boolean {
    const index = this.#entries.findIndex((candidate) => candidate.key === key);
    if (index !== -1) this.#entries.splice(index, 1);
    return index !== -1;
  }

  #cull(): void {
    if (this.#cullFrequency === 0) this.#entries = [];
    else this.#entries.splice(this.#entries.length - Math.floor(this.#entries.length / this.#cullFrequency));
  }
}

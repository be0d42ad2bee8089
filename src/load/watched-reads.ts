/** A read under way of one name. */
export interface Watch {
  /** How many read it. */
  readers: number;
  /** Whether the entry was written or deleted since: what is read may be what was before. */
  isOverruled: boolean;
  /** The read itself, while it is not sent yet and who asks now may join it. */
  unsent: object | undefined;
}

/** The reads under way that somebody draws conclusions from, by name. */
export class WatchedReads {
  readonly #watches = new Map<string, Watch>();

  get isIdle(): boolean {
    return this.#watches.size === 0;
  }

  begin(name: string): Watch {
    let watch = this.#watches.get(name);
    if (watch === undefined) {
      watch = { readers: 0, isOverruled: false, unsent: undefined };
      this.#watches.set(name, watch);
    }
    watch.readers++;
    return watch;
  }

  end(name: string, watch: Watch): void {
    if (--watch.readers === 0 && this.#watches.get(name) === watch) this.#watches.delete(name);
  }

  /** The entry is written or deleted: who reads it now has to know. */
  overrule(name: string): void {
    const watch = this.#watches.get(name);
    if (watch === undefined) return;
    watch.isOverruled = true;
    // Who begins to read after this reads what is there now.
    this.#watches.delete(name);
  }

  overruleAll(): void {
    for (const name of [...this.#watches.keys()]) this.overrule(name);
  }
}

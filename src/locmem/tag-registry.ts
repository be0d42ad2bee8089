/** A tag that entries of one prefix have, until it is deleted: then the next entry gets another of the same name. */
export interface Tag {
  readonly id: string;
  readonly name: string;
  /** How many entries have it. */
  entries: number;
  isDeleted: boolean;
}

/**
 * The tags of the entries of one store. Each is there as long as an entry has it, so that tags that are used once leave
 * nothing behind.
 */
export class TagRegistry {
  readonly #tags = new Map<string, Tag>();

  get size(): number {
    return this.#tags.size;
  }

  get(prefix: string, name: string): Tag | undefined {
    return this.#tags.get(idOf(prefix, name));
  }

  /** The tags of one more entry. */
  attach(prefix: string, names: readonly string[]): Tag[] {
    return names.map((name) => {
      const id = idOf(prefix, name);
      let tag = this.#tags.get(id);
      if (tag === undefined) {
        tag = { id, name, entries: 0, isDeleted: false };
        this.#tags.set(id, tag);
      }
      tag.entries++;
      return tag;
    });
  }

  /** An entry less has them. */
  detach(tags: readonly Tag[]): void {
    for (const tag of tags) {
      if (--tag.entries === 0 && !tag.isDeleted) this.#tags.delete(tag.id);
    }
  }

  /** Whether any entry had it. */
  delete(prefix: string, name: string): boolean {
    const tag = this.get(prefix, name);
    if (tag === undefined) return false;
    tag.isDeleted = true;
    return this.#tags.delete(tag.id);
  }

  clear(): void {
    this.#tags.clear();
  }
}

/** No two pairs have one: a prefix may hold whatever it likes. */
function idOf(prefix: string, name: string): string {
  return `${prefix.length}:${prefix}${name}`;
}

/**
 * Keeps the `count` best of a long row of candidates, without sorting them all.
 *
 * `count` is small (a page of results) and most candidates are worse than the worst one kept, so nearly every call to
 * `offer` is one comparison.
 */
export class Best<T> {
  readonly #count: number;
  readonly #kept: { item: T; score: number }[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  /** On equal scores the earlier candidate stays in front: the same query always has the same answer. */
  offer(item: T, score: number): void {
    const kept = this.#kept;
    if (kept.length === this.#count && score <= (kept[kept.length - 1]?.score ?? Infinity)) return;
    let at = kept.length;
    while (at > 0 && (kept[at - 1]?.score ?? Infinity) < score) at--;
    kept.splice(at, 0, { item, score });
    if (kept.length > this.#count) kept.pop();
  }

  /** The best first. */
  items(): { item: T; score: number }[] {
    return this.#kept;
  }
}

/** Lets the changes of one name run one after another, in the order they were asked for. Others do not wait. */
export class NameQueues {
  /** The last change of each name that has any under way. */
  readonly #last = new Map<string, Promise<unknown>>();
  /** The last change of all names at once. */
  #lastOfAll: Promise<unknown> | undefined;

  run<T>(names: readonly string[], change: () => Promise<T>): Promise<T> {
    const before = names.map((name) => this.#last.get(name) ?? this.#lastOfAll);
    const running = Promise.all(before).then(change);
    // Where it fails, the next one runs all the same.
    const ended = running.then(nothing, nothing).then(() => {
      for (const name of names) if (this.#last.get(name) === ended) this.#last.delete(name);
    });
    for (const name of names) this.#last.set(name, ended);
    return running;
  }

  /** Runs after all that was asked for before, and before all that is asked for later. */
  runAlone<T>(change: () => Promise<T>): Promise<T> {
    const running = Promise.all([...this.#last.values(), this.#lastOfAll]).then(change);
    const ended = running.then(nothing, nothing).then(() => {
      if (this.#lastOfAll === ended) this.#lastOfAll = undefined;
    });
    this.#last.clear();
    this.#lastOfAll = ended;
    return running;
  }
}

function nothing(): void {}

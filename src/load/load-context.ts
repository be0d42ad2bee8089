import type { LoadContext } from '../core/cache.js';
import { readTags } from '../core/tags.js';
import { type Ttl, ttlMilliseconds } from '../core/ttl.js';

/** What a factory returns that says that what is stale is still right. */
export const UNCHANGED = Symbol('unchanged');

interface Signalling {
  readonly signal: AbortSignal;
}

interface Unsealing {
  unseal(sealed: unknown): unknown;
}

/** What a factory is handed, and what it chose. */
export class RunContext implements LoadContext {
  readonly #run: Signalling;
  #sealed: unknown;
  #place: Unsealing | undefined;
  #stale: unknown;
  #ttl: Ttl | undefined;
  #tags: readonly string[] | undefined;
  /** The ttl that the factory chose, in milliseconds. */
  chosenTtl: number | undefined;

  constructor(run: Signalling) {
    this.#run = run;
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get stale(): unknown {
    if (this.#stale === undefined) this.#stale = this.#place?.unseal(this.#sealed);
    return this.#stale;
  }

  get unchanged(): never {
    return UNCHANGED as never;
  }

  get ttl(): Ttl | undefined {
    return this.#ttl;
  }

  set ttl(ttl: Ttl | undefined) {
    this.chosenTtl = ttl === undefined ? undefined : ttlMilliseconds(ttl);
    this.#ttl = ttl;
  }

  get tags(): readonly string[] | undefined {
    return this.#tags;
  }

  set tags(tags: readonly string[] | undefined) {
    this.#tags = tags === undefined ? undefined : readTags(tags);
  }

  /** What is stale, for the factory alone: made when it looks. */
  offer(sealed: unknown, place: Unsealing): void {
    this.#sealed = sealed;
    this.#place = place;
  }
}

/**
 * What an entry is stored with beside value and ttl. Absent where a call asks for nothing of the kind; then what was
 * there before goes with its extras.
 *
 * An entry that is past its expiry and still stale is missing to all but `recall` and `renew`, and does not stand in
 * anyone's way: whoever writes, adds, moves or removes there puts an end to it. `increase`, `prolong` and `move` keep
 * what a live entry was stored with.
 */
export interface EntryExtras {
  /** Milliseconds after its expiry in which `recall` still finds it: missing to every other call. 0: none; may be Infinity. */
  readonly staleFor: number;
  /** Milliseconds that its load took, for early refresh; 0: not known. */
  readonly loadTime: number;
  /** Each once, well-formed text of at least one character. `deleteTags` of any of them makes the entry missing, and stale no more. */
  readonly tags: readonly string[];
}

/** Whether any is asked for: where none is, an entry is stored as one without. */
export function hasExtras(extras: EntryExtras | undefined): extras is EntryExtras {
  return extras !== undefined && (extras.staleFor > 0 || extras.loadTime > 0 || extras.tags.length > 0);
}

/** An entry as a loader sees it: maybe past its expiry. */
export interface Recalled {
  /** For one reader. */
  readonly value: unknown;
  /** Milliseconds until it expires, `Infinity` for never; 0 or less: it is stale, for so long. */
  readonly left: number;
  readonly loadTime: number;
  readonly tags: readonly string[];
}

/** What the run of a factory noted when it began, where other processes may change the entry meanwhile. */
export interface Fence {
  /** Whether nobody has written or deleted the entry since, nor deleted one of these tags. */
  holds(tags: readonly string[]): boolean;
}

/** The right to run the factory of one entry, of all processes that share the cache. */
export interface Lease {
  /** Whether it was that of a holder who is gone. */
  readonly isTakenOver?: boolean;
  /** Gives it back, done or not: who waits may have it. */
  release(): void | Promise<void>;
}

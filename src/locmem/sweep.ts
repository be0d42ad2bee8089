import type { Extras } from './extras.js';

/** Slots looked at for an expired entry before a live one is evicted: one cache line of `expiresAt`. */
const SLOTS_A_TIME = 8;
/** Where in `expiresAt`, of slot 0, the moment stands before which no entry expires: until then there is nothing to sweep. */
export const SOONEST = 0;

/** What is swept. */
interface Swept {
  readonly used: number;
  readonly keys: readonly (string | undefined)[];
  readonly expiresAt: Float64Array;
  readonly isTimed: boolean;
  readonly isTagged: boolean;
  readonly extras: Extras;
}

/** The hand that goes round the slots in search of what is gone, some slots at a time. */
export class Sweep {
  /** The next slot to look at. */
  #hand = 1;
  /** What `expiresAt[SOONEST]` will be after this round of the hand. */
  #soonestOfRound = Number.POSITIVE_INFINITY;

  /** The entry in `slot` has another end now. */
  expect(expiresAt: Float64Array, slot: number): void {
    if (expiresAt[slot] < expiresAt[SOONEST]) expiresAt[SOONEST] = expiresAt[slot];
    if (expiresAt[slot] < this.#soonestOfRound) this.#soonestOfRound = expiresAt[slot];
  }

  /** Any entry may be gone: also those that this round has been at. */
  expectAll(expiresAt: Float64Array): void {
    expiresAt[SOONEST] = Number.NEGATIVE_INFINITY;
    this.#soonestOfRound = Number.NEGATIVE_INFINITY;
  }

  /** Looks at the next few slots, round and round, for one that has expired, or is deleted; 0 if there is none. */
  next(slots: Swept, now: number): number {
    for (let i = 0; i < SLOTS_A_TIME; i++) {
      const slot = this.#hand++;
      if (slot > slots.used) {
        this.#hand = 1;
        slots.expiresAt[SOONEST] = this.#soonestOfRound;
        this.#soonestOfRound = Number.POSITIVE_INFINITY;
        return 0;
      }
      if (slots.keys[slot] === undefined) continue;
      const expiresAt = slots.expiresAt[slot];
      if (expiresAt <= now || (slots.isTagged && slots.extras.isDeleted(slot))) return slot;
      if (expiresAt < this.#soonestOfRound) this.#soonestOfRound = expiresAt;
    }
    return 0;
  }

  /** All entries are gone. */
  clear(slots: Swept): void {
    this.#hand = 1;
    if (slots.isTimed) slots.expiresAt[SOONEST] = Number.POSITIVE_INFINITY;
    this.#soonestOfRound = Number.POSITIVE_INFINITY;
  }
}

import { CacheUnavailableError } from '../core/errors.js';
import type { Participants } from './participants.js';
import type { Platform } from './platform.js';

/** Somebody waits, or did: whoever lets go wakes one. */
const CONTENDED = 1 << 30;
const OWNER = CONTENDED - 1;
/** An owner is done within a microsecond or so: that is a few hundred looks. */
const SPINS = 300;
/** How long a sleep lasts before the owner's life is looked into again. */
const NAP_MS = 10;
const PATIENCE_MS = 1000;

const now = performance.now.bind(performance);

/**
 * A lock in shared memory that outlives its owner: one word, which holds the mark of who has it. Free: one
 * compare-and-exchange, and no system call.
 */
export class ShardLock {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #address: bigint;
  readonly #mark: number;
  readonly #participants: Participants;
  readonly #platform: Platform;

  constructor(
    words: Int32Array,
    at: number,
    address: bigint,
    mark: number,
    participants: Participants,
    platform: Platform,
  ) {
    this.#words = words;
    this.#at = at;
    this.#address = address;
    this.#mark = mark;
    this.#participants = participants;
    this.#platform = platform;
  }

  /** @returns whether what it guards is as its owner left it when it died, and has to be repaired first. */
  acquire(): boolean {
    return Atomics.compareExchange(this.#words, this.#at, 0, this.#mark) !== 0 && this.#wait();
  }

  /** Takes it if nobody has it. @returns whether it is taken, and nothing has to be repaired. */
  tryAcquire(): boolean {
    return Atomics.compareExchange(this.#words, this.#at, 0, this.#mark) === 0;
  }

  release(): void {
    if ((Atomics.exchange(this.#words, this.#at, 0) & CONTENDED) !== 0) this.#platform.wakeWord(this.#address);
  }

  /** Whether this thread has it: at the start of a call, since code here ended that ran under it (a timeout of node:vm). */
  isOwn(): boolean {
    return (Atomics.load(this.#words, this.#at) & OWNER) === this.#mark;
  }

  /** Whether one who is gone has it. */
  isAbandoned(): boolean {
    return this.#isGone(Atomics.load(this.#words, this.#at));
  }

  /** Whether one who is gone had it indeed: the word is not merely damaged. */
  wasHeld(): boolean {
    return this.#participants.hasBeen(ownerOf(Atomics.load(this.#words, this.#at)));
  }

  /** Takes it from one who is gone, if nobody was quicker. @returns whether it is taken, and has to be repaired. */
  takeOver(): boolean {
    const seen = Atomics.load(this.#words, this.#at);
    const mine = this.#mark | CONTENDED;
    return this.#isGone(seen) && Atomics.compareExchange(this.#words, this.#at, seen, mine) === seen;
  }

  #isGone(seen: number): boolean {
    // My own: my earlier call never came to its end.
    return seen !== 0 && (ownerOf(seen) === this.#mark || !this.#participants.isAlive(ownerOf(seen)));
  }

  #wait(): boolean {
    const words = this.#words;
    const at = this.#at;
    const start = now();
    let mine = this.#mark;
    for (let looks = 0; ; looks++) {
      const seen = Atomics.load(words, at);
      if (seen === 0) {
        if (Atomics.compareExchange(words, at, 0, mine) === 0) return false;
        continue;
      }
      if (looks < SPINS) continue;
      const owner = ownerOf(seen);
      // Code here is synchronous and never enters twice: if the lock is mine already, my earlier call never came to its end.
      if (owner === this.#mark || !this.#participants.isAlive(owner)) {
        if (Atomics.compareExchange(words, at, seen, this.#mark | CONTENDED) === seen) return true;
        continue;
      }
      if (now() - start > PATIENCE_MS) throw stopped();
      // Whoever has slept cannot know whether others do, and must wake one when it lets go.
      mine = this.#mark | CONTENDED;
      if ((seen & CONTENDED) === 0 && Atomics.compareExchange(words, at, seen, seen | CONTENDED) !== seen) continue;
      this.#platform.waitOnWord(this.#address, seen | CONTENDED, NAP_MS);
    }
  }
}

/** Without the bit of the waiting. What a damaged word may hold beyond is left in: nobody has such a mark. */
function ownerOf(word: number): number {
  return word & ~CONTENDED;
}

function stopped(): CacheUnavailableError {
  return new CacheUnavailableError(
    `A process that was stopped (SIGSTOP, a debugger) holds a part of this cache; waited ${PATIENCE_MS} ms. Reads go on; ` +
      'let it continue, or end it.',
  );
}

import type { CoarseClock } from '../core/clock.js';
import { VERSION } from './layout.js';
import { DAMAGED, MISS, STUCK } from './reader.js';
import { RECORD } from './record.js';
import type { Part, Segment } from './segment.js';

/**
 * How often a reader gives a writer time to go on that does not get any further, half a millisecond each: enough for one
 * that lost the processor. What a stopped one began to write is not there.
 */
const MOST_NAPS = 40;
const NAP_MS = 0.5;
/** After so many rounds in which a record was written again and again, it is read under the lock, if that is free. */
const ROUNDS_WITHOUT_LOCK = 3;
const MOST_ROUNDS = 400;

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Looks for the key that is set in the outgoing record, whatever others do meanwhile. */
export class Search {
  readonly #segment: Segment;
  readonly #clock: CoarseClock;

  constructor(segment: Segment, clock: CoarseClock) {
    this.#segment = segment;
    this.#clock = clock;
  }

  /** The slot of the live entry whose key is set, and its record copied in; `MISS` if there is none. */
  live(part: Part): number {
    const { out, incoming } = this.#segment;
    let at = part.reader.read(out, incoming);
    if (at === STUCK) at = this.#amidWrites(part);
    if (at > 0 && this.#clock.isPast(incoming.floats, RECORD.EXPIRY >> 1)) at = this.#isOfUse() ? MISS : DAMAGED;
    if (at === DAMAGED) this.#discard(part);
    return at > 0 ? at : MISS;
  }

  /** The same of an entry that may be stale. */
  held(part: Part): number {
    const { out, incoming } = this.#segment;
    let at = part.reader.read(out, incoming);
    if (at === STUCK) at = this.#amidWrites(part);
    if (at > 0 && !this.#isOfUse()) at = DAMAGED;
    if (at === DAMAGED) this.#discard(part);
    return at > 0 ? at : MISS;
  }

  /** Whether the time of the record that was found is not over, with that to be stale. */
  #isOfUse(): boolean {
    return this.#segment.incoming.endsAt > this.#clock.now();
  }

  /** The same where the slot changes whenever it is looked at. */
  #amidWrites(part: Part): number {
    const { out, incoming } = this.#segment;
    const { reader } = part;
    let naps = 0;
    for (let round = 0; round < MOST_ROUNDS && naps < MOST_NAPS; round++) {
      if (!this.#segment.recover(part)) {
        if (round >= ROUNDS_WITHOUT_LOCK && this.#segment.tryEnter(part)) return this.#locked(part);
        nap();
      }
      const before = reader.changing;
      const at = reader.read(out, incoming);
      if (at !== STUCK) return at;
      naps = reader.changing === before ? naps + 1 : 0;
    }
    return MISS;
  }

  #locked(part: Part): number {
    try {
      // What has expired is judged by the caller.
      const at = part.shard.find(this.#segment.out, Number.NEGATIVE_INFINITY);
      if (at === 0) return MISS;
      part.shard.copyOut(at, this.#segment.incoming);
      part.reader.version = part.memory.words[at + VERSION];
      return at;
    } finally {
      this.#segment.leave(part);
    }
  }

  /** Removes what has expired, or is damaged, if that needs no waiting. */
  #discard(part: Part): void {
    const now = this.#clock.now();
    if (!this.#segment.tryEnter(part)) return;
    part.shard.find(this.#segment.out, now);
    this.#segment.leave(part);
  }
}

function nap(): void {
  Atomics.wait(nobody, 0, 0, NAP_MS);
}

import { SegmentError } from '../core/errors.js';
import { PARTICIPANT, PARTICIPANT_BYTES } from './layout.js';
import type { Platform } from './platform.js';

/** Bytes of the file that are locked, not for what stands there, but for what the lock says: participant i lives. */
const FIRST_LOCK_BYTE = 16;
const SLOT_BITS = 12;
const SLOT_MASK = 2 ** SLOT_BITS - 1;
const INCARNATION_MASK = 2 ** 18 - 1;

/**
 * The threads that have the segment open. Each holds a lock on one byte of the file through an open file of its own,
 * which the kernel lets go when the thread or process ends, however it ends (600 ns to ask, also across pid namespaces,
 * and no process id that could be used again is involved).
 *
 * A participant's number, and which incarnation of it this is, make its mark: what stands in a lock that it holds. The
 * mark of one who died is never that of a living one.
 */
export class Participants {
  readonly count: number;
  readonly #words: Int32Array;
  readonly #counts: Float64Array;
  readonly #fd: number;
  readonly #platform: Platform;
  #slot = -1;

  constructor(buffer: ArrayBuffer, at: number, count: number, fd: number, platform: Platform) {
    this.count = count;
    this.#words = new Int32Array(buffer, at, (count * PARTICIPANT_BYTES) / 4);
    this.#counts = new Float64Array(buffer, at, (count * PARTICIPANT_BYTES) / 8);
    this.#fd = fd;
    this.#platform = platform;
  }

  /** The counts of this participant, at `PARTICIPANT.HITS` and `.MISSES`: it alone writes them. */
  get ownCounts(): Float64Array {
    const floats = PARTICIPANT_BYTES / 8;
    return this.#counts.subarray(this.#slot * floats, (this.#slot + 1) * floats);
  }

  /** Takes a free place. @returns the mark. @throws SegmentError if there is none. */
  join(): number {
    for (let slot = 0; slot < this.count; slot++) {
      if (!this.#platform.lockByte(this.#fd, FIRST_LOCK_BYTE + slot)) continue;
      const at = (slot * PARTICIPANT_BYTES) / 4 + PARTICIPANT.INCARNATION;
      const incarnation = ((Atomics.load(this.#words, at) & INCARNATION_MASK) + 1) & INCARNATION_MASK || 1;
      Atomics.store(this.#words, at, incarnation);
      this.#slot = slot;
      return markOf(slot, incarnation);
    }
    throw new SegmentError(
      `${this.count} threads have this segment open, and there is no place for another. Use a larger maxBytes (512 ` +
        'places from 1 mb on), or several locations.',
    );
  }

  /** Gives the place back, before the file is closed. */
  leave(): void {
    this.#platform.unlockByte(this.#fd, FIRST_LOCK_BYTE + this.#slot);
  }

  /** Whether nobody else has the segment open. */
  isAlone(): boolean {
    for (let slot = 0; slot < this.count; slot++) {
      if (slot !== this.#slot && this.#platform.isByteLocked(this.#fd, FIRST_LOCK_BYTE + slot)) return false;
    }
    return true;
  }

  /** Whether the one who left this mark is still there. A mark that nobody can have is a dead one's. */
  isAlive(mark: number): boolean {
    const slot = (mark & SLOT_MASK) - 1;
    if (slot < 0 || slot >= this.count) return false;
    const at = (slot * PARTICIPANT_BYTES) / 4 + PARTICIPANT.INCARNATION;
    if (markOf(slot, Atomics.load(this.#words, at) & INCARNATION_MASK) !== mark) return false;
    return slot === this.#slot || this.#platform.isByteLocked(this.#fd, FIRST_LOCK_BYTE + slot);
  }

  /** Whether the mark is that of somebody who once took part: what damage leaves in a lock hardly ever is. */
  hasBeen(mark: number): boolean {
    const slot = (mark & SLOT_MASK) - 1;
    if (slot < 0 || slot >= this.count) return false;
    const incarnation = mark >>> SLOT_BITS;
    const last = Atomics.load(this.#words, (slot * PARTICIPANT_BYTES) / 4 + PARTICIPANT.INCARNATION);
    // Incarnations go round: those of half a round ago are earlier ones.
    return incarnation > 0 && ((last - incarnation) & INCARNATION_MASK) <= INCARNATION_MASK >> 1;
  }

  /** The counts of all who ever took part. */
  total(count: number): number {
    let sum = 0;
    for (let slot = 0; slot < this.count; slot++) {
      const value = this.#counts[(slot * PARTICIPANT_BYTES) / 8 + count];
      if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) sum += value;
    }
    return sum;
  }
}

/** From 1 to 2^30 - 1: 0 is nobody, and the bit above is the lock's own. */
function markOf(slot: number, incarnation: number): number {
  return (incarnation << SLOT_BITS) | (slot + 1);
}

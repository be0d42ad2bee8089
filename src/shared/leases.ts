import type { Lease } from '../core/entry-extras.js';
import type { Participants } from './participants.js';

/** Cells that one key may be in. */
const WAYS = 8;
const FREE = 0n;
const MARK_BITS = 32n;
const NOWHERE = -1;
const ELSEWHERE = -2;

/**
 * Who loads what: a table of cells, each a key's hash and the mark of the participant that has the lease, in one word of
 * 64 bits. It is taken by one compare-and-exchange, and let go by another, which does nothing once somebody else has it.
 *
 * A mark is of one life of one participant (see participants.ts), so it is the lease's generation, too: who is gone,
 * however it went, has no lease, and the first that looks takes it over. Who was stopped keeps it. Within one thread,
 * which has one mark, the latest lease of a key counts: letting go of an earlier one does nothing.
 *
 * Two that take the lease of one key at once may write it into two cells. So who has written looks again, and gives up
 * where it finds the key in another cell, and begins again: the later of two writers always sees the earlier.
 *
 * A key has eight cells. Where others have them all, there is a lease that stands nowhere: its run is the only one of its
 * thread, not of the machine. Of keys with one hash, one waits for the other.
 */
export class Leases {
  readonly #cells: BigInt64Array;
  readonly #mark: number;
  readonly #participants: Participants;
  /** The latest lease of this thread in each cell. */
  readonly #held = new Map<number, Lease>();

  /** @param cells a multiple of eight: a power of two. @param mark of this participant. */
  constructor(cells: BigInt64Array, mark: number, participants: Participants) {
    this.#cells = cells;
    this.#mark = mark;
    this.#participants = participants;
  }

  /** The lease of the key with this hash; `undefined` if another participant has it. */
  take(hash: number): Lease | undefined {
    const first = (Math.imul(hash ^ (hash >>> 16), 0x7feb352d) >>> 8) & (this.#cells.length - WAYS);
    const mine = contentOf(hash, this.#mark);
    for (;;) {
      const own = this.#find(first, hash, -1);
      if (own === ELSEWHERE) return undefined;
      const at = own >= 0 ? own : this.#findFree(first);
      if (at === NOWHERE) return { release() {} };
      const seen = Atomics.load(this.#cells, at);
      const isTakenOver = seen !== mine && seen !== FREE && hashOf(seen) === hash;
      if (seen !== mine) {
        if (!this.#isFree(seen) || Atomics.compareExchange(this.#cells, at, seen, mine) !== seen) continue;
        if (this.#find(first, hash, at) === ELSEWHERE) {
          Atomics.compareExchange(this.#cells, at, mine, FREE);
          continue;
        }
      }
      return this.#leaseOf(at, mine, isTakenOver);
    }
  }

  /** Lets go of all that this thread has. */
  releaseAll(): void {
    for (const lease of this.#held.values()) void lease.release();
  }

  /** Nobody else is here, and so nobody has a lease. */
  clear(): void {
    this.#cells.fill(FREE);
  }

  #leaseOf(at: number, mine: bigint, isTakenOver: boolean): Lease {
    const lease: Lease = {
      isTakenOver,
      release: () => {
        if (this.#held.get(at) !== lease) return;
        this.#held.delete(at);
        Atomics.compareExchange(this.#cells, at, mine, FREE);
      },
    };
    this.#held.set(at, lease);
    return lease;
  }

  /**
   * The cell of a key, other than `except`, that this thread may take, since it has it or the one who had it is gone;
   * `ELSEWHERE` if somebody has it, `NOWHERE` if there is none.
   */
  #find(first: number, hash: number, except: number): number {
    let found = NOWHERE;
    for (let at = first; at < first + WAYS; at++) {
      const seen = Atomics.load(this.#cells, at);
      if (at === except || seen === FREE || hashOf(seen) !== hash) continue;
      if (markOf(seen) !== this.#mark && this.#participants.isAlive(markOf(seen))) return ELSEWHERE;
      found = at;
    }
    return found;
  }

  #findFree(first: number): number {
    for (let at = first; at < first + WAYS; at++) if (Atomics.load(this.#cells, at) === FREE) return at;
    for (let at = first; at < first + WAYS; at++) if (this.#isFree(Atomics.load(this.#cells, at))) return at;
    return NOWHERE;
  }

  #isFree(seen: bigint): boolean {
    return seen === FREE || (markOf(seen) !== this.#mark && !this.#participants.isAlive(markOf(seen)));
  }
}

function contentOf(hash: number, mark: number): bigint {
  return (BigInt(hash) << MARK_BITS) | BigInt(mark);
}

function hashOf(content: bigint): number {
  return Number(content >> MARK_BITS);
}

function markOf(content: bigint): number {
  return Number(BigInt.asIntN(32, content));
}

import type { Clears } from './clears.js';
import { COUNT, HEADER, META, PLACE, UNIT } from './layout.js';
import { RECORD } from './record.js';
import { resetShard } from './repair.js';
import type { Ring } from './ring.js';
import type { ShardMemory } from './shard-memory.js';

/** What is looked at of the tail for one write, at most, before records go that would have been kept: units of 8 bytes. */
const MOST_MOVED = 4096;
/** And as much again for each unit that is needed: at seven eighths full, that is what cleaning costs. */
const MOVED_FOR_EACH = 8;
/** Below this share of living records a ring is cleaned, and nobody evicted: it is garbage that fills it. */
const FULL = 15 / 16;
/** The bits of a slot's meta word in which hits are written down. */
const VISITS = 3;

/**
 * Makes room in the logs of a shard, at their tails: garbage is passed over; living records move on to the main log's
 * head, or are evicted. Called under the lock.
 */
export class LogCleaner {
  readonly #memory: ShardMemory;
  readonly #clears: Clears;
  #moved = 0;
  #resets = 0;

  constructor(memory: ShardMemory, clears: Clears) {
    this.#memory = memory;
    this.#clears = clears;
  }

  /** Where a record of `units` is to be written in `ring`. There is room for it when this returns. */
  makeRoom(ring: Ring, units: number, now: number): number {
    this.#moved = 0;
    this.#clean(ring, units, MOST_MOVED + MOVED_FOR_EACH * units, now);
    return ring.place(units);
  }

  /** Removes an entry that has to go for another's sake. */
  evict(at: number): void {
    const memory = this.#memory;
    memory.admission.left(memory.words[at], memory.words[at + META]);
    memory.count(COUNT.EVICTIONS);
    memory.unlink(at);
  }

  /** Removes the entry if its time is over, or it was cleared. @returns whether it did. */
  removeIfGone(at: number, now: number): boolean {
    const memory = this.#memory;
    const record = 2 * memory.unitOf(memory.words[at + PLACE]);
    const isCleared = this.#clears.has(memory.words[record + RECORD.STAMP], memory.words[record + RECORD.KIND]);
    if (!isCleared && memory.floats[(record + RECORD.EXPIRY) >> 1] > now) return false;
    if (!isCleared) memory.count(COUNT.EXPIRATIONS);
    memory.unlink(at);
    return true;
  }

  #clean(ring: Ring, units: number, budget: number, now: number): void {
    const wanted = units + ring.reserve;
    while (!ring.hasRoom(wanted)) {
      if (ring.isEmpty) {
        ring.rewind();
        return;
      }
      if (!ring.isSane || !this.#passTail(ring, budget, now)) this.#reset();
    }
  }

  #reset(): void {
    this.#resets++;
    resetShard(this.#memory);
    this.#clears.header[HEADER.RESETS]++;
  }

  /** Gives up the oldest record. @returns whether what stands at the tail makes sense. */
  #passTail(ring: Ring, budget: number, now: number): boolean {
    const memory = this.#memory;
    const unit = ring.tail;
    if (unit === ring.old) ring.old = 0;
    if (ring.endsAt(unit)) {
      if (unit === ring.start) return false;
      ring.giveUp(ring.start);
      return true;
    }
    const units = memory.unitsAt(unit);
    if (units === 0 || (unit < ring.head && unit + units > ring.head)) return false;
    // From before this era: it may have been damaged, and a wrong length would lead the walk astray.
    if (ring.old !== 0 && !memory.isWhole(unit)) return false;
    const at = memory.words[2 * unit + RECORD.KIND] < 0 ? 0 : memory.slotOf(unit);
    const resets = this.#resets;
    if (at !== 0) this.#dispose(at, ring, unit, units, budget, now);
    if (resets === this.#resets) ring.giveUp(unit + units);
    return true;
  }

  /** Moves the living entry at a tail to the main log's head, or removes it. */
  #dispose(at: number, ring: Ring, unit: number, units: number, budget: number, now: number): void {
    const memory = this.#memory;
    if (this.removeIfGone(at, now)) return;
    if (ring === memory.main ? this.#isKept(at, units, budget) : this.#isPromoted(at, units, budget, now)) {
      this.#move(at, unit, units);
    } else if (memory.unitOf(memory.words[at + PLACE]) === unit) this.evict(at);
  }

  #isKept(at: number, units: number, budget: number): boolean {
    const { main, words } = this.#memory;
    // Moved within the gap, or its own successor would be written over it while readers still look there.
    if (!main.hasRoom(units)) return false;
    this.#moved += units;
    if (this.#moved > budget) return false;
    if ((words[at + META] & VISITS) === 0) return main.live + 2 * units <= FULL * main.units;
    this.#settle(at);
    return true;
  }

  #isPromoted(at: number, units: number, budget: number, now: number): boolean {
    const { main, admission, words } = this.#memory;
    if (!this.#hasSpace(main, units) && !this.#passIdle(units, budget, now)) {
      const victim = this.#nextVictim();
      if (victim !== 0 && !admission.promotes(words[at], words[at + META], words[victim], words[victim + META]))
        return false;
    }
    this.#clean(main, units, budget, now);
    // Making room may have reset the shard.
    if (words[at + PLACE] === 0 || !main.hasRoom(units)) return false;
    this.#settle(at);
    return true;
  }

  /** The entry begins another round: what was seen of its use is counted, and has to be earned anew. */
  #settle(at: number): void {
    const { admission, words } = this.#memory;
    admission.left(words[at], words[at + META]);
    words[at + META] &= ~VISITS;
  }

  /**
   * Passes what nobody can read any more at the main log's tail, and what was used since it was written there, until
   * an idle entry stands there. @returns whether the living leave room for `units` now.
   */
  #passIdle(units: number, budget: number, now: number): boolean {
    const memory = this.#memory;
    const { main, words } = memory;
    const resets = this.#resets;
    while (!main.isEmpty && main.isSane && resets === this.#resets && this.#moved <= budget) {
      const unit = main.tail;
      const at = main.endsAt(unit) || memory.unitsAt(unit) === 0 ? 0 : memory.slotOf(unit);
      const isGarbage = at === 0 || words[2 * unit + RECORD.KIND] < 0 || this.removeIfGone(at, now);
      if (!isGarbage && ((words[at + META] & VISITS) === 0 || !main.hasRoom(memory.unitsAt(unit)))) break;
      if (!this.#passTail(main, budget, now)) this.#reset();
    }
    return this.#hasSpace(main, units);
  }

  /** Whether a record fits without any that lives having to go: beside the others, or when garbage is cleaned away. */
  #hasSpace(ring: Ring, units: number): boolean {
    // Twice: as much may be lost where the log comes round.
    return ring.hasRoom(units + ring.reserve) || ring.live + 2 * units <= FULL * ring.units;
  }

  /** The slot whose record stands at the main log's tail, 0 if that is garbage. */
  #nextVictim(): number {
    const memory = this.#memory;
    const unit = memory.main.tail;
    if (memory.main.isEmpty || memory.main.endsAt(unit) || memory.unitsAt(unit) === 0) return 0;
    return memory.slotOf(unit);
  }

  /**
   * Copies a record to the main log's head, and then lets its slot point there: one store, before which readers find the
   * old copy and after which they find the new one. Nobody who dies on the way loses an entry.
   */
  #move(at: number, from: number, units: number): void {
    const memory = this.#memory;
    const { main, words } = memory;
    const to = main.place(units);
    memory.log.copyWithin(to * UNIT, from * UNIT, (from + units) * UNIT);
    main.advance(to + units);
    main.live += units;
    Atomics.store(words, at + PLACE, memory.placeOf(main, to));
    memory.bury(from);
  }
}

import { evict, expire } from '../core/diagnostics.js';
import { VERDICT } from './admission.js';
import type { Clears } from './clears.js';
import { GONE } from './departed-keys.js';
import { endOf } from './extras.js';
import { COUNT, HEADER, INTENT, META, PLACE, UNIT, USE } from './layout.js';
import { RECORD } from './record.js';
import { resetShard } from './repair.js';
import type { Ring } from './ring.js';
import type { ShardMemory } from './shard-memory.js';

/** What is looked at of the tail for one write, at most, before records go that would have been kept: units of 8 bytes. */
const MOST_MOVED = 4096;
/** And as much again for each unit that is needed: at seven eighths full, that is what cleaning costs. */
const MOVED_FOR_EACH = 8;
/** What a record costs that is not copied, but left where it stands. */
const UNITS_IN_PLACE = 16;
/** How much more often than what is let in for being recent an entry must have been used to be left alone. */
const HEADSTART = 3;
/** Below this share of living records a ring is cleaned, and nobody evicted: it is garbage that fills it. */
const FULL = 15 / 16;

/**
 * Makes room in the logs of a shard, at their tails: garbage is passed over; living records move on to the main log's
 * head, or are evicted. Called under the lock.
 */
export class LogCleaner {
  readonly #memory: ShardMemory;
  readonly #clears: Clears;
  /** How the contest for the main log ended that was held last. */
  verdict: number = VERDICT.MORE_USED;
  #moved = 0;
  #resets = 0;
  /** Whether no room need be made where that takes too long. */
  #mayFail = false;
  /** How often that was used for which room is being made: what was used more stays, while there is time to look on. */
  #rivalUses = Number.POSITIVE_INFINITY;
  /** Why what is evicted from the main log has to go just now. */
  #whyVictimsGo = 0;

  constructor(memory: ShardMemory, clears: Clears) {
    this.#memory = memory;
    this.#clears = clears;
  }

  /** Where a record of `units` is to be written in `ring`. There is room for it when this returns. */
  makeRoom(ring: Ring, units: number, now: number): number {
    this.#moved = 0;
    this.#clean(ring, units, budgetFor(units), now);
    return ring.place(units);
  }

  /**
   * The same in the main log, for a key that is new there and whose record is too large for probation: the contest is
   * held now.
   */
  makeRoomUnproven(units: number, hash: number, use: number, now: number): number {
    const { main } = this.#memory;
    this.#moved = 0;
    this.verdict = this.#contest(hash, use, units, budgetFor(units), now);
    this.#cleanMain(this.#memory.admission.uses(hash, use), units, budgetFor(units), now);
    return main.place(units);
  }

  /** Removes an entry that has to go for another's sake; `why` it lost, if there was a contest. */
  evict(at: number, why = 0): void {
    const memory = this.#memory;
    memory.admission.left(memory.words[at], memory.words[at + META], why);
    memory.count(COUNT.EVICTIONS);
    if (evict.hasSubscribers) memory.noteDeparture(evict, at);
    memory.unlink(at);
  }

  /** Removes the entry if its time is over, also that to be stale, or it was cleared. @returns whether it did. */
  removeIfGone(at: number, now: number): boolean {
    const memory = this.#memory;
    const record = 2 * memory.unitOf(memory.words[at + PLACE]);
    const isCleared = this.#clears.has(memory.words, record);
    if (!isCleared && memory.floats[(record + RECORD.EXPIRY) >> 1] > now) return false;
    if (!isCleared && endOf(memory.words, memory.floats, record) > now) return false;
    if (!isCleared) {
      memory.count(COUNT.EXPIRATIONS);
      if (expire.hasSubscribers) memory.noteDeparture(expire, at);
    }
    memory.unlink(at);
    return true;
  }

  #clean(ring: Ring, units: number, budget: number, now: number): void {
    const wanted = withReserve(ring, units);
    while (!ring.hasRoom(wanted)) {
      if (this.#mayFail && this.#moved > budget) return;
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
    const isOld = ring.isTailOld();
    if (ring.endsAt(unit)) {
      if (unit === ring.start) return false;
      ring.goRound();
      return true;
    }
    const filler = ring.fillerAt(unit);
    const units = filler || memory.unitsAt(unit);
    if (units === 0 || (!ring.isFull && unit < ring.head && unit + units > ring.head)) return false;
    // From before this era: it may have been damaged, and a wrong length would lead the walk astray.
    if (isOld && filler === 0 && !memory.isWhole(unit)) return false;
    const at = filler > 0 || memory.words[2 * unit + RECORD.KIND] < 0 ? 0 : memory.slotOf(unit);
    const resets = this.#resets;
    const stays = at !== 0 && this.#dispose(at, ring, unit, units, budget, now);
    if (resets !== this.#resets) return true;
    if (stays) ring.rotate(unit + units);
    else ring.giveUp(unit + units);
    return true;
  }

  /** Moves the living entry at a tail to the main log's head, or removes it. @returns whether it stays where it is. */
  #dispose(at: number, ring: Ring, unit: number, units: number, budget: number, now: number): boolean {
    const memory = this.#memory;
    const { main, words } = memory;
    if (this.removeIfGone(at, now)) return false;
    const isMain = ring === main;
    if (isMain ? this.#isKept(at, units, budget) : this.#isPromoted(at, units, budget, now)) {
      if (main.hasRoom(units)) this.#move(at, unit, units);
      else {
        // Only in the main log: nothing is promoted where there is no room. Its own place is the head, if nothing is free.
        main.fill(unit);
        return true;
      }
    } else if (memory.unitOf(words[at + PLACE]) === unit) {
      const isUnproven = (words[at + META] & USE.UNPROVEN) !== 0;
      this.evict(at, !isMain || isUnproven ? GONE.AS_RARE : this.#whyVictimsGo);
    }
    return false;
  }

  #isKept(at: number, units: number, budget: number): boolean {
    const { main, words, admission } = this.#memory;
    this.#moved += main.hasRoom(units) ? units : UNITS_IN_PLACE;
    if (this.#moved > budget) return this.#mayFail;
    if ((words[at + META] & USE.VISITS) === 0) {
      // What has to go beside the victim of the contest was not in it: of several sizes, one is not always enough.
      return hasGarbage(main, units) || admission.uses(words[at], words[at + META]) > this.#rivalUses;
    }
    this.#setUse(at, admission.stayed(words[at], words[at + META]));
    return true;
  }

  #isPromoted(at: number, units: number, budget: number, now: number): boolean {
    const { main, admission, words } = this.#memory;
    const verdict = this.#contest(words[at], words[at + META], units, budget, now);
    if (verdict === VERDICT.REJECTED) return false;
    this.verdict = verdict;
    // Rather than what is used, the newcomer goes that had the better of an idle entry alone.
    this.#mayFail = true;
    this.#cleanMain(admission.uses(words[at], words[at + META]), units, budget, now);
    this.#mayFail = false;
    // Making room may have reset the shard.
    if (words[at + PLACE] === 0 || !main.hasRoom(units)) return false;
    this.#setUse(at, admission.admitted(words[at], words[at + META], verdict));
    return true;
  }

  /** Whether a newcomer is worth more than what would have to go for it, if anything has to. */
  #contest(hash: number, use: number, units: number, budget: number, now: number): number {
    const { main, admission, words } = this.#memory;
    if (this.#hasSpace(main, units) || this.#passIdle(units, budget, now)) return VERDICT.MORE_USED;
    const victim = this.#nextVictim();
    return victim === 0 ? VERDICT.MORE_USED : admission.verdict(hash, use, words[victim], words[victim + META]);
  }

  /** Makes room in the main log for what was used so often. */
  #cleanMain(uses: number, units: number, budget: number, now: number): void {
    const isRecent = this.verdict === VERDICT.MORE_RECENT;
    this.#rivalUses = isRecent ? uses + HEADSTART : uses;
    this.#whyVictimsGo = isRecent ? GONE.FOR_RECENT : 0;
    this.#clean(this.#memory.main, units, budget, now);
    this.#rivalUses = Number.POSITIVE_INFINITY;
    this.#whyVictimsGo = 0;
  }

  #setUse(at: number, use: number): void {
    const { words } = this.#memory;
    words[at + META] = (words[at + META] & ~USE.ALL) | use;
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
      const at = this.#slotAtTail();
      const isGarbage = at === 0 || words[2 * unit + RECORD.KIND] < 0 || this.removeIfGone(at, now);
      if (!isGarbage && (words[at + META] & USE.VISITS) === 0) break;
      if (!this.#passTail(main, budget, now)) this.#reset();
    }
    return this.#hasSpace(main, units);
  }

  /** Whether a record fits without any that lives having to go: beside the others, or when garbage is cleaned away. */
  #hasSpace(ring: Ring, units: number): boolean {
    return ring.hasRoom(withReserve(ring, units)) || hasGarbage(ring, units);
  }

  /** The slot whose record stands at the main log's tail, 0 if that is garbage. */
  #nextVictim(): number {
    return this.#memory.main.isEmpty ? 0 : this.#slotAtTail();
  }

  #slotAtTail(): number {
    const memory = this.#memory;
    const unit = memory.main.tail;
    const isRecord = !memory.main.endsAt(unit) && memory.main.fillerAt(unit) === 0 && memory.unitsAt(unit) > 0;
    return isRecord ? memory.slotOf(unit) : 0;
  }

  /**
   * Copies a record to the main log's head, and then lets its slot point there: one store, before which readers find the
   * old copy and after which they find the new one. Nobody who dies on the way loses an entry.
   */
  #move(at: number, from: number, units: number): void {
    const memory = this.#memory;
    const { main } = memory;
    const to = main.place(units);
    memory.log.copyWithin(to * UNIT, from * UNIT, (from + units) * UNIT);
    memory.begin(INTENT.MOVE, at, from, to);
    main.advance(to + units);
    memory.changePlace(at, memory.placeAfterMove(at, to));
    memory.bury(from);
    memory.finish(0, from, to);
  }
}

function budgetFor(units: number): number {
  return MOST_MOVED + MOVED_FOR_EACH * units;
}

/** A larger record than the reserve takes what it needs and no more: it would keep too much empty. */
function withReserve(ring: Ring, units: number): number {
  return units <= ring.reserve ? units + ring.reserve : units;
}

/** Whether so much of a ring is garbage that cleaning it makes room for `units`. */
function hasGarbage(ring: Ring, units: number): boolean {
  // Twice: as much may be lost where the log comes round. A large record has the place of another of its size.
  return units <= ring.reserve ? ring.live + 2 * units <= FULL * ring.units : ring.live + units <= ring.units;
}

import { RING } from './layout.js';

/** The second word of the marker after which a ring goes on at its start; the first is 0, which no record begins with. */
const SKIP = 0x70696b53;
/** The same for space that holds nothing: four bits say so, the others how many units it takes (a ring of 8 gb has 2^28). */
const FILLER = 0xd0000000 | 0;
const FILLER_MASK = 0xf0000000 | 0;
/** Set in the tail's word while the log fills the whole ring: then it begins and ends there, and the head's word is void. */
const FULL = 1 << 30;
/** Kept free of a ring: what is no larger can be moved from tail to head at any time. */
const RESERVE_SHIFT = 8;

/** Units of a ring that are kept free where records are no larger than that. */
export function reserveOf(units: number): number {
  return units >> RESERVE_SHIFT;
}

/**
 * A log of records in a fixed area, written at its head and given up at its tail. Records are never split: where one
 * does not fit before the end of the area, a marker stands, and the log goes on at the start.
 *
 * Every step is one store, after which the log can be walked from tail to head, whatever happens to the writer.
 * Positions are units of 8 bytes from the shard's start.
 */
export class Ring {
  readonly start: number;
  readonly end: number;
  readonly reserve: number;
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(words: Int32Array, at: number, start: number, end: number) {
    this.#words = words;
    this.#at = at;
    this.start = start;
    this.end = end;
    this.reserve = reserveOf(end - start);
  }

  get units(): number {
    return this.end - this.start;
  }

  /** Where the next record goes, if it fits there. */
  get head(): number {
    return this.isFull ? this.tail : this.#words[this.#at + RING.HEAD];
  }

  get tail(): number {
    return this.#words[this.#at + RING.TAIL] & ~FULL;
  }

  get isFull(): boolean {
    return (this.#words[this.#at + RING.TAIL] & FULL) !== 0;
  }

  get isEmpty(): boolean {
    return !this.isFull && this.head === this.tail;
  }

  get live(): number {
    return this.#words[this.#at + RING.LIVE];
  }

  set live(units: number) {
    this.#words[this.#at + RING.LIVE] = units;
  }

  get isSane(): boolean {
    const { head, tail, start, end } = this;
    return head >= start && head <= end && tail >= start && tail <= end;
  }

  contains(unit: number): boolean {
    return unit >= this.start && unit < this.end;
  }

  /** Whether `unit` lies between tail and head. */
  holds(unit: number): boolean {
    const { head, tail, isFull } = this;
    if (head > tail) return unit >= tail && unit < head;
    return this.contains(unit) && (isFull || unit >= tail || unit < head) && !this.isEmpty;
  }

  /** Whether a record of `units` can be written without giving up another. */
  hasRoom(units: number): boolean {
    if (this.isFull) return false;
    const { head, tail } = this;
    if (head < tail) return head + units <= tail;
    return head + units <= this.end || this.start + units <= tail;
  }

  /** Where the next record of `units` is to be written. There is room for it. */
  place(units: number): number {
    const { head, tail } = this;
    if (head >= tail && head + units > this.end) {
      if (head < this.end) this.#mark(head, SKIP);
      this.#store(RING.HEAD, this.start);
      return this.start;
    }
    return head;
  }

  /** What was written at the head, up to `unit`, is part of the log from now on. */
  advance(unit: number): void {
    if (unit === this.tail) this.#store(RING.TAIL, unit | FULL);
    else this.#store(RING.HEAD, unit);
  }

  /** What stood from the tail up to `unit` is no longer part of the log. */
  giveUp(unit: number): void {
    // Void until the next store.
    if (this.isFull) this.#store(RING.HEAD, this.tail);
    this.#store(RING.TAIL, unit);
  }

  /** What stands from the tail up to `unit` is the latest of the log from now on, where it stands: the log is full. */
  rotate(unit: number): void {
    this.#store(RING.TAIL, unit | FULL);
  }

  /** Goes on at the start, where the walk has come to the end. */
  goRound(): void {
    this.#store(RING.TAIL, this.isFull ? this.start | FULL : this.start);
  }

  /**
   * Fills what is free with nothing, so that the log is full, and begins at `tail`: where it did, or at its latest
   * record, which is then the first to go.
   */
  fill(tail: number): void {
    if (!this.isFull) {
      const { head } = this;
      let from = head;
      if (head >= this.tail) {
        if (head < this.end) this.#mark(head, SKIP);
        from = this.start;
      }
      if (from < this.tail) this.#mark(from, FILLER | (this.tail - from));
    }
    // The old records end where the latest begins: the walk comes past that place first.
    if (this.#words[this.#at + RING.OLD] === tail) this.#words[this.#at + RING.OLD] = tail | FULL;
    this.#store(RING.TAIL, tail | FULL);
  }

  /** Leaves nothing in the place of a record that is somewhere in the log. */
  fillAt(unit: number, units: number): void {
    this.#mark(unit, FILLER | units);
  }

  /** An empty log begins at the start again: nothing is in the way of the largest record. */
  rewind(): void {
    this.live = 0;
    if (this.tail === this.start) return;
    this.place(this.end - this.head + 1);
    this.#store(RING.TAIL, this.start);
  }

  /** Whether the log goes on at the start where its walk has come to `unit`. */
  endsAt(unit: number): boolean {
    return unit === this.end || (this.#words[2 * unit] === 0 && this.#words[2 * unit + 1] === SKIP);
  }

  /** The units from `unit` on that hold nothing, 0 if something stands there. */
  fillerAt(unit: number): number {
    const word = this.#words[2 * unit + 1];
    if (this.#words[2 * unit] !== 0 || (word & FILLER_MASK) !== FILLER) return 0;
    const units = word & ~FILLER_MASK;
    return unit + units <= this.end ? units : 0;
  }

  clear(): void {
    this.live = 0;
    this.#words[this.#at + RING.OLD] = 0;
    this.#store(RING.HEAD, this.start);
    this.#store(RING.TAIL, this.start);
  }

  /** What is in the log now was written before this era. */
  beginEra(): void {
    // From a full log's tail, the walk comes past the place where the old records end before it comes to it.
    this.#words[this.#at + RING.OLD] = this.isEmpty ? 0 : this.isFull ? this.tail | FULL : this.head;
  }

  /** Whether what stands at the tail may be of an era before; to be asked once at each record. */
  isTailOld(): boolean {
    const at = this.#at + RING.OLD;
    const old = this.#words[at];
    if (old === 0) return false;
    if (old === (this.tail | FULL)) this.#words[at] = this.tail;
    else if (old === this.tail) this.#words[at] = 0;
    return this.#words[at] !== 0;
  }

  /** Of the words that have to be right: a ring that begins or ends elsewhere would write over what is read. */
  sum(seed: number): number {
    const head = this.#words[this.#at + RING.HEAD];
    const tail = this.#words[this.#at + RING.TAIL];
    return Math.imul(Math.imul(seed ^ head, 0x9e3779b1) ^ tail, 0x85ebca6b);
  }

  #mark(unit: number, what: number): void {
    this.#words[2 * unit] = 0;
    this.#words[2 * unit + 1] = what;
  }

  #store(word: number, value: number): void {
    Atomics.store(this.#words, this.#at + word, value);
  }
}

import { RING } from './layout.js';

/** The second word of the marker after which a ring goes on at its start; the first is 0, which no record begins with. */
const SKIP = 0x70696b53;

/**
 * A log of records in a fixed area, written at its head and given up at its tail. Records are never split: where one
 * does not fit before the end of the area, a marker stands, and the log goes on at the start.
 *
 * Between head and tail there is always a gap, so head = tail means empty. Each step leaves a log that can be walked
 * from tail to head, whatever happens to the writer after it. Positions are units of 8 bytes from the shard's start.
 */
export class Ring {
  readonly start: number;
  readonly end: number;
  /** Kept free beside what is being written, so that a record of this size can be moved from tail to head. */
  readonly reserve: number;
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(words: Int32Array, at: number, start: number, end: number) {
    this.#words = words;
    this.#at = at;
    this.start = start;
    this.end = end;
    this.reserve = Math.min(8192, (end - start) >> 6);
  }

  get units(): number {
    return this.end - this.start;
  }

  get head(): number {
    return this.#words[this.#at + RING.HEAD];
  }

  get tail(): number {
    return this.#words[this.#at + RING.TAIL];
  }

  /** How often the log came round, modulo what a place has bits for. */
  get lap(): number {
    return this.#words[this.#at + RING.LAP];
  }

  get live(): number {
    return this.#words[this.#at + RING.LIVE];
  }

  set live(units: number) {
    this.#words[this.#at + RING.LIVE] = units;
  }

  get old(): number {
    return this.#words[this.#at + RING.OLD];
  }

  set old(unit: number) {
    this.#words[this.#at + RING.OLD] = unit;
  }

  get isEmpty(): boolean {
    return this.head === this.tail;
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
    const { head, tail } = this;
    return tail <= head ? unit >= tail && unit < head : this.contains(unit) && (unit >= tail || unit < head);
  }

  /** Whether a record of `units` can be written without giving up another. */
  hasRoom(units: number): boolean {
    const { head, tail } = this;
    if (head < tail) return head + units < tail;
    return head + units <= this.end || this.start + units < tail;
  }

  /** Where the next record of `units` is to be written. There is room for it. */
  place(units: number): number {
    const { head, tail } = this;
    if (head >= tail && head + units > this.end) {
      if (head < this.end) this.#mark(head);
      this.#words[this.#at + RING.LAP]++;
      this.#store(RING.HEAD, this.start);
      return this.start;
    }
    return head;
  }

  /** What was written at the head is part of the log from now on. */
  advance(unit: number): void {
    this.#store(RING.HEAD, unit);
  }

  /** What stood at the tail is no longer part of the log. */
  giveUp(unit: number): void {
    this.#store(RING.TAIL, unit);
  }

  /** An empty log begins at the start again: nothing is in the way of the largest record. */
  rewind(): void {
    if (this.tail === this.start) return;
    this.place(this.end - this.head + 1);
    this.giveUp(this.start);
  }

  /** Whether the log goes on at the start where its walk has come to `unit`. */
  endsAt(unit: number): boolean {
    return unit === this.end || (this.#words[2 * unit] === 0 && this.#words[2 * unit + 1] === SKIP);
  }

  clear(): void {
    this.live = 0;
    this.old = 0;
    this.giveUp(this.start);
    this.advance(this.start);
  }

  /** Of the words that have to be right: a ring that begins or ends elsewhere would write over what is read. */
  sum(seed: number): number {
    return (Math.imul(Math.imul(seed ^ this.head, 0x9e3779b1) ^ this.tail, 0x85ebca6b) ^ this.lap) | 0;
  }

  #mark(unit: number): void {
    this.#words[2 * unit] = 0;
    this.#words[2 * unit + 1] = SKIP;
  }

  #store(word: number, unit: number): void {
    Atomics.store(this.#words, this.#at + word, unit);
  }
}

import { setTimeout } from 'node:timers';

/** Tells the time, in milliseconds since the Unix epoch. Pass your own to a cache to make expiry testable. */
export interface Clock {
  now(): number;
}

/** The machine's clock. `Date` is looked up at each call, so that fake timers of a test runner reach it. */
export const systemClock: Clock = { now: () => Date.now() };

/** The machine's own, unless fake timers were there first: then there is none, and nothing is remembered. */
const machineNow = /\[native code\]/.test(Function.prototype.toString.call(Date.now)) ? Date.now : undefined;

/** Readings of one tick that are exact before any is answered from memory. */
const EXACT_READS = 16;
/** Readings answered from memory after each exact one, once a tick has seen more than `EXACT_READS`. */
const REMEMBERED_READS = 64;
/** What is nearer than this to the time remembered is decided by the exact time, in milliseconds. */
const NEAR = 10_000;

/**
 * A clock that is asked less often than it is read, because reading the machine's clock (25 to 65 ns) costs as much as
 * a whole cache hit.
 *
 * It asks on every reading until it was read more than 16 times within one `resolution`. Then it remembers the time for
 * 64 readings, and until the loop yields (an unreferenced timer, armed only in such a burst, ends it). Even then a
 * moment within 10 s of the time remembered is judged by the exact time: a program that blocks between two readings of
 * a burst would have to block that long for an expired entry to pass as a live one.
 */
export class CoarseClock implements Clock {
  /** Whether the time comes from the machine, and not from a test. */
  readonly isMachine: boolean;
  readonly #source: Clock;
  readonly #resolution: number;
  #time = 0;
  #tick = Number.NEGATIVE_INFINITY;
  #readsOfTick = 0;
  #remembered = 0;
  #armedAt = Number.NEGATIVE_INFINITY;
  readonly #forget = (): void => {
    this.#armedAt = Number.NEGATIVE_INFINITY;
    this.#remembered = 0;
    this.#readsOfTick = 0;
  };

  /** @param resolution how long a tick is, in milliseconds; 0 asks the source every time. */
  constructor(source: Clock, resolution: number) {
    this.#source = source;
    this.isMachine = source === systemClock;
    this.#resolution = resolution;
  }

  /** The exact time. */
  now(): number {
    return this.#ask();
  }

  // Moments are read and written in the arrays that hold them: handed from one function to the next, where that is not
  // inlined, a number so large would be an allocation.

  /** Whether the moment at `index` has come. */
  isPast(moments: Float64Array, index: number): boolean {
    // Fake timers replace `Date`, and then they alone say how time passes.
    if (this.#remembered > 0 && moments[index] - this.#time > NEAR && Date.now === machineNow) {
      this.#remembered--;
      return false;
    }
    return moments[index] <= this.#ask();
  }

  /** Writes at `index` the moment that is `ttl` milliseconds away. */
  stamp(moments: Float64Array, index: number, ttl: number): void {
    if (this.#remembered > 0 && ttl > NEAR && Date.now === machineNow) {
      this.#remembered--;
      moments[index] = this.#time + ttl;
    } else moments[index] = this.#ask() + ttl;
  }

  #ask(): number {
    const time = this.#source.now();
    this.#time = time;
    const elapsed = time - this.#tick;
    if (elapsed >= this.#resolution || elapsed < 0) {
      this.#tick = time;
      this.#readsOfTick = 0;
      this.#remembered = 0;
    } else if (++this.#readsOfTick > EXACT_READS) {
      this.#remembered = REMEMBERED_READS;
      this.#arm(time);
    }
    return time;
  }

  /** Arms the timer, also where one was armed long ago and never came, as under fake timers that are gone. */
  #arm(time: number): void {
    if (time - this.#armedAt < this.#resolution + NEAR && time >= this.#armedAt) return;
    this.#armedAt = time;
    setTimeout(this.#forget, this.#resolution).unref();
  }
}

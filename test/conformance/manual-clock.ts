import type { Clock } from 'locmem';

/** A clock that a test moves by hand. */
export class ManualClock implements Clock {
  time: number;

  constructor(time = Date.UTC(2026, 0, 1)) {
    this.time = time;
  }

  now(): number {
    return this.time;
  }

  advance(milliseconds: number): void {
    this.time += milliseconds;
  }
}

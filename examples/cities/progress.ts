import type { Measured } from './figures.js';
import type { Mode } from './modes.js';
import { formatPercent } from './table.js';

const EVERY_MS = 2000;

/** Prints how the comparison goes: a line every two seconds, in a terminal or in a log. */
export class Progress {
  readonly #modes: readonly Mode[];
  readonly #latest = new Map<string, Measured>();
  readonly #start = performance.now();
  #printed = performance.now();

  constructor(modes: readonly Mode[]) {
    this.#modes = modes;
  }

  show(measured: Measured): void {
    this.#latest.set(measured.mode, measured);
    const now = performance.now();
    if (now - this.#printed < EVERY_MS) return;
    this.#printed = now;
    console.log(`${((now - this.#start) / 1000).toFixed(0).padStart(4)} s   ${this.#line()}`);
  }

  #line(): string {
    const parts = this.#modes.map(({ id, label, cache }) => {
      const measured = this.#latest.get(id);
      if (measured === undefined) return `${label} …`;
      const hits = cache === undefined ? '' : `, ${formatPercent(measured.hitRatio)} hits`;
      return `${label} ${measured.perSecond.toFixed(0)}/s${hits}`;
    });
    return parts.join('   ');
  }
}

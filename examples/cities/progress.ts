import type { Measured } from './figures.js';
import type { ModeName } from './modes.js';
import { formatPercent } from './table.js';

const EVERY_MS = 2000;

/** Prints how the comparison goes: a line every two seconds, in a terminal or in a log. */
export class Progress {
  readonly #modes: readonly ModeName[];
  readonly #latest = new Map<string, Measured>();
  #start: number | undefined;
  #printed: number | undefined;

  constructor(modes: readonly ModeName[]) {
    this.#modes = modes;
  }

  show(measured: Measured): void {
    this.#latest.set(measured.mode, measured);
    const now = performance.now();
    this.#start ??= now;
    this.#printed ??= now;
    if (now - this.#printed < EVERY_MS) return;
    this.#printed = now;
    console.log(`${((now - this.#start) / 1000).toFixed(0).padStart(4)} s   ${this.#line()}`);
  }

  #line(): string {
    const parts = this.#modes.map(({ id, label, cacheOf }) => {
      const measured = this.#latest.get(id);
      if (measured === undefined) return `${label} …`;
      const hits = cacheOf === 'none' ? '' : `, ${formatPercent(measured.hitRatio)} hits`;
      return `${label} ${measured.perSecond.toFixed(0)}/s${hits}`;
    });
    return parts.join('   ');
  }
}

import { EventEmitter } from 'node:events';
import { MAX_ENTRIES, type Mode } from './modes.js';

/** What the load measured for a mode, from its first request on. Times are in milliseconds, as a client sees them. */
export interface Measured {
  readonly mode: string;
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** From 0 to 1. */
  readonly hitRatio: number;
  /** The same over about the last hundred requests. */
  readonly recentHitRatio: number;
  /** The mean latency of about the last hundred requests. */
  readonly recentMs: number;
}

/** The comparison of a mode, and what its cache says of itself. */
export interface ModeFigures {
  readonly id: string;
  readonly label: string;
  /** Nothing before the mode's first turn. */
  readonly measured: Measured | undefined;
  readonly entries: number | undefined;
  readonly evictions: number | undefined;
}

export interface Snapshot {
  readonly phase: 'starting' | 'measuring' | 'measured';
  readonly maxEntries: number;
  readonly places: number;
  readonly modes: readonly ModeFigures[];
  /** The oldest first; `at` is in seconds since the load began. */
  readonly timeline: readonly TimelinePoint[];
}

interface TimelinePoint {
  readonly at: number;
  readonly mode: string;
  readonly hitRatio: number;
  readonly ms: number;
}

/** Some minutes of the light load. */
const LONGEST_TIMELINE = 600;

/** Collects what the load reports; emits `change` when there is something new to show. */
export class Figures extends EventEmitter<{ change: [] }> {
  readonly #modes: readonly Mode[];
  readonly #places: number;
  readonly #measured = new Map<string, Measured>();
  readonly #timeline: TimelinePoint[] = [];
  #phase: Snapshot['phase'] = 'starting';
  #began = 0;

  constructor(modes: readonly Mode[], places: number) {
    super();
    this.#modes = modes;
    this.#places = places;
    // Every open page listens; there is no number of them that would be a leak.
    this.setMaxListeners(0);
  }

  /** After {@link finish}, the comparison stands as it is, and only the timeline moves. */
  record(measured: Measured): void {
    if (this.#phase === 'starting') {
      this.#phase = 'measuring';
      this.#began = performance.now();
    }
    if (this.#phase === 'measuring') this.#measured.set(measured.mode, measured);
    this.#timeline.push({
      at: Math.round((performance.now() - this.#began) / 100) / 10,
      mode: measured.mode,
      hitRatio: Math.round(measured.recentHitRatio * 1000) / 1000,
      ms: Math.round(measured.recentMs * 100) / 100,
    });
    if (this.#timeline.length > LONGEST_TIMELINE) this.#timeline.shift();
    this.emit('change');
  }

  get finished(): boolean {
    return this.#phase === 'measured';
  }

  finish(): void {
    this.#phase = 'measured';
    this.emit('change');
  }

  async snapshot(): Promise<Snapshot> {
    const modes = this.#modes.map(async ({ id, label, cache }): Promise<ModeFigures> => {
      const stats = await cache?.stats();
      const measured = this.#measured.get(id);
      return { id, label, measured, entries: stats?.entries, evictions: stats?.evictions };
    });
    return {
      phase: this.#phase,
      maxEntries: MAX_ENTRIES,
      places: this.#places,
      modes: await Promise.all(modes),
      timeline: this.#timeline,
    };
  }
}

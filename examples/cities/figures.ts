import { EventEmitter } from 'node:events';
import type { ModeName } from './modes.js';
import type { OfficeState } from './weather-office.js';

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

/** What was counted for a mode in one part of the load. */
export interface Lap {
  readonly mode: string;
  /** Those that were answered. */
  readonly requests: number;
  readonly hitRatio: number | undefined;
  /** Those that were under way in a worker when it was killed. */
  readonly cutOff: number;
  /** All others that were not answered as they should have been. */
  readonly failed: number;
  readonly firstFailure: string | undefined;
  /** How long the slowest took, in milliseconds, whether it was answered or failed. */
  readonly slowestMs: number;
}

/** What the caches of a mode hold, those of all workers together, as far as they can tell. */
export interface CacheFigures {
  readonly entries?: number | undefined;
  readonly bytes?: number | undefined;
  /** Calls to a server that got no answer in time. */
  readonly errors?: number | undefined;
}

/** The memory of all workers together, in bytes. */
export interface Memory {
  /** Each page counted once for every process that has it in use. */
  readonly rss: number;
  /** Each page divided by the number of processes that have it in use; Linux alone tells. */
  readonly pss: number | undefined;
}

/** The parts of the load: before a worker is killed, after it, after the restart, while Redis is away, and after that. */
export type Part = 'before' | 'killed' | 'restarted' | 'away' | 'back';

export interface ModeFigures extends ModeName {
  /** Nothing before the mode's first turn. */
  readonly measured: Measured | undefined;
  readonly caches: CacheFigures | undefined;
  readonly laps: { readonly [part in Part]?: Lap };
}

/** Something that happened to the workers; `at` is in seconds since the load began. */
export interface Happening {
  /** From 1 on. */
  readonly number: number;
  readonly at: number;
  readonly kind: 'start' | 'kill' | 'restart' | 'death' | 'outage';
  readonly text: string;
}

interface TimelinePoint {
  readonly at: number;
  readonly mode: string;
  readonly hitRatio: number;
  readonly ms: number;
}

export interface Snapshot {
  readonly phase: 'starting' | 'measuring' | 'killing' | 'restarting' | 'warm' | 'outage' | 'measured';
  readonly workers: readonly number[];
  /** What the caches of each mode may hold, those of all workers together; not known of one that was chosen by its URL. */
  readonly bytes: number | undefined;
  readonly memory: Memory | undefined;
  readonly modes: readonly ModeFigures[];
  /** How often the weather office was asked, by all workers together. */
  readonly office: OfficeState;
  readonly happenings: readonly Happening[];
  /** The oldest first. */
  readonly timeline: readonly TimelinePoint[];
}

/** Some minutes of the light load. */
const LONGEST_TIMELINE = 600;
const MOST_HAPPENINGS = 50;

/** Collects what the load and the workers report; emits `change` when there is something new to show. */
export class Figures extends EventEmitter<{ change: [] }> {
  readonly #modes: readonly ModeName[];
  readonly #bytes: number | undefined;
  readonly #measured = new Map<string, Measured>();
  readonly #laps = new Map<string, { [part in Part]?: Lap }>();
  readonly #timeline: TimelinePoint[] = [];
  readonly #happenings: Happening[] = [];
  #phase: Snapshot['phase'] = 'starting';
  #began: number | undefined;
  #office: OfficeState = { asked: 0, isAway: false };
  /** Of the workers as they are now. */
  workers: readonly number[] = [];
  memory: Memory | undefined;
  caches: ReadonlyMap<string, CacheFigures> = new Map();

  constructor(modes: readonly ModeName[], bytes: number | undefined) {
    super();
    this.#modes = modes;
    this.#bytes = bytes;
  }

  /** Once the comparison is over it stands as it is, and only the timeline moves. */
  record(measured: Measured): void {
    if (this.#phase === 'measuring') this.#measured.set(measured.mode, measured);
    this.#timeline.push({
      at: this.#now(),
      mode: measured.mode,
      hitRatio: Math.round(measured.recentHitRatio * 1000) / 1000,
      ms: Math.round(measured.recentMs * 100) / 100,
    });
    if (this.#timeline.length > LONGEST_TIMELINE) this.#timeline.shift();
    this.emit('change');
  }

  recordLaps(part: Part, laps: readonly Lap[]): void {
    for (const lap of laps) this.#laps.set(lap.mode, { ...this.#laps.get(lap.mode), [part]: lap });
    this.emit('change');
  }

  showOffice(office: OfficeState): void {
    this.#office = office;
    this.emit('change');
  }

  get phase(): Snapshot['phase'] {
    return this.#phase;
  }

  enter(phase: Snapshot['phase']): void {
    this.#phase = phase;
    this.emit('change');
  }

  happened(kind: Happening['kind'], text: string): void {
    const number = (this.#happenings.at(-1)?.number ?? 0) + 1;
    this.#happenings.push({ number, at: this.#now(), kind, text });
    if (this.#happenings.length > MOST_HAPPENINGS) this.#happenings.shift();
    this.emit('change');
  }

  snapshot(): Snapshot {
    const modes = this.#modes.map((mode) => ({
      ...mode,
      measured: this.#measured.get(mode.id),
      caches: this.caches.get(mode.id),
      laps: this.#laps.get(mode.id) ?? {},
    }));
    return {
      phase: this.#phase,
      workers: this.workers,
      bytes: this.#bytes,
      memory: this.memory,
      modes,
      office: this.#office,
      happenings: this.#happenings,
      timeline: this.#timeline,
    };
  }

  /** Seconds since the first of what is timed, to a tenth. */
  #now(): number {
    const now = performance.now();
    this.#began ??= now;
    return Math.round((now - this.#began) / 100) / 10;
  }
}

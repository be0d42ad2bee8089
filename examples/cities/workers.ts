import cluster, { type Worker } from 'node:cluster';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CacheFigures } from './figures.js';
import type { CacheSettings, ModeName } from './modes.js';
import type { WeatherOptions } from './weather.js';

/** What a worker has to know, as JSON in this variable of its environment. */
export const WORKER_VARIABLE = 'CITIES_WORKER';

export interface WorkerSettings {
  /** To listen on; another one if it is taken. */
  readonly port: number;
  /** From 1 on; one that starts in place of another has its number. */
  readonly number: number;
  readonly caches: CacheSettings;
  readonly weather: WeatherSettings;
}

export type WeatherSettings = Pick<WeatherOptions, 'office' | 'times'>;

/** What a worker is told: the figures to show, as JSON; to report at once; to put its things away and end. */
export type WorkerOrder = { readonly kind: 'figures'; readonly json: string } | { readonly kind: 'report' | 'end' };

/** What a worker tells: that it serves, and then again and again what its caches and it take. */
export type WorkerMessage = { readonly kind: 'serving'; readonly port: number; readonly places: number } | WorkerReport;

interface WorkerReport {
  readonly kind: 'report';
  readonly rss: number;
  /** By mode. */
  readonly caches: Readonly<Record<string, CacheFigures>>;
}

interface Member {
  readonly worker: Worker;
  readonly number: number;
  readonly exited: Promise<unknown>;
  /** Its end is no surprise. */
  isLeaving: boolean;
  report?: WorkerReport;
}

/**
 * The processes that serve one port together, as `node:cluster` has it: each new connection goes to the next of them.
 *
 * Emits `died` with its process id when one ended that nobody wanted to end; another has then been started in its place.
 */
export class Workers extends EventEmitter<{ died: [pid: number] }> {
  readonly #caches: CacheSettings;
  readonly #weather: WeatherSettings;
  readonly #members = new Set<Member>();
  #port: number;
  #stopped = false;
  #figures: WorkerOrder | undefined;

  /** `port` is the one to try first; it starts nothing yet. */
  constructor(caches: CacheSettings, weather: WeatherSettings, port: number) {
    super();
    this.#caches = caches;
    this.#weather = weather;
    this.#port = port;
    cluster.setupPrimary({
      exec: fileURLToPath(new URL('worker-process.js', import.meta.url)),
      args: [],
      // LocMemCache warns each worker that it is not shared. That is what is compared here, not a mistake to be warned of:
      // the worker prints all other warnings itself.
      execArgv: ['--no-warnings'],
    });
  }

  /** How many there are when all is well. */
  get count(): number {
    return this.#caches.workers;
  }

  /** The file of the segment that they share. */
  get location(): string {
    return this.#caches.location;
  }

  get pids(): number[] {
    return [...this.#members].map(({ worker }) => worker.process.pid ?? 0);
  }

  /**
   * Resolves when all of them serve, with how many places and on which port.
   *
   * @throws Error if one of them ends before that.
   */
  async start(): Promise<{ port: number; places: number }> {
    const starting = Array.from({ length: this.#caches.workers }, () => this.#startOne());
    const [{ port, places }] = await Promise.all(starting);
    // From now on it is this one, also for those who come later.
    this.#port = port;
    return { port, places };
  }

  /** Asks all to put their things away and end, and when the last of them is gone starts as many anew. */
  async restart(): Promise<void> {
    const leaving = [...this.#members];
    for (const member of leaving) {
      member.isLeaving = true;
      send(member.worker, { kind: 'end' });
    }
    await Promise.all(leaving.map(({ exited }) => exited));
    if (!this.#stopped) await this.start();
  }

  /** Resolves when this one is gone, whose end is expected: it is not replaced. */
  async expectEnd(pid: number): Promise<void> {
    const member = [...this.#members].find(({ worker }) => worker.process.pid === pid);
    if (member === undefined) return;
    member.isLeaving = true;
    await member.exited;
  }

  /** What each of the workers serves to the open pages from now on. */
  show(json: string): void {
    this.#figures = { kind: 'figures', json };
    for (const { worker } of this.#members) send(worker, this.#figures);
  }

  /** Has all of them report, and waits for it. */
  async report(): Promise<void> {
    const reports = [...this.#members].map(({ worker, exited }) => {
      send(worker, { kind: 'report' });
      return Promise.race([once(worker, 'message'), exited]);
    });
    await Promise.all(reports);
  }

  /** What the caches of each mode hold, all workers together. */
  caches(modes: readonly ModeName[]): Map<string, CacheFigures> {
    const all = new Map<string, CacheFigures>();
    for (const { id, cacheOf } of modes) {
      const told = [...this.#members].flatMap(({ report }) => report?.caches[id] ?? []);
      if (told.length === 0) continue;
      // Of a common cache, each of them tells the same.
      const holders = cacheOf === 'each worker' ? told : told.slice(-1);
      all.set(id, {
        entries: sum(holders.map(({ entries }) => entries)),
        bytes: sum(holders.map(({ bytes }) => bytes)),
        errors: sum(told.map(({ errors }) => errors)),
      });
    }
    return all;
  }

  /** The sum of what the processes say of themselves, in bytes. */
  get rss(): number {
    return [...this.#members].reduce((sum, { report }) => sum + (report?.rss ?? 0), 0);
  }

  /** Resolves when all of them are gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const leaving = [...this.#members];
    // They hold nothing that would need to be put away; the segment can take it, and is removed anyway.
    for (const { worker } of leaving) worker.process.kill('SIGKILL');
    await Promise.all(leaving.map(({ exited }) => exited));
  }

  #startOne(): Promise<{ port: number; places: number }> {
    const number = this.#freeNumber();
    const settings: WorkerSettings = { port: this.#port, number, caches: this.#caches, weather: this.#weather };
    const worker = cluster.fork({ [WORKER_VARIABLE]: JSON.stringify(settings) });
    const member: Member = { worker, number, exited: once(worker, 'exit'), isLeaving: false };
    this.#members.add(member);
    return new Promise<{ port: number; places: number }>((resolve, reject) => {
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'report') {
          member.report = message;
          return;
        }
        if (this.#figures !== undefined) send(worker, this.#figures);
        worker.off('exit', end);
        worker.once('exit', () => this.#ended(member));
        resolve(message);
      });
      const end = () => {
        this.#members.delete(member);
        reject(new Error('A worker ended before it could serve.'));
      };
      worker.once('exit', end);
    });
  }

  #freeNumber(): number {
    const taken = new Set([...this.#members].map(({ number }) => number));
    let number = 1;
    while (taken.has(number)) number++;
    return number;
  }

  #ended(member: Member): void {
    this.#members.delete(member);
    if (this.#stopped || member.isLeaving) return;
    this.#startOne().catch((error: unknown) => {
      if (!this.#stopped) console.error(error);
    });
    this.emit('died', member.worker.process.pid ?? 0);
  }
}

/** `undefined` where it is not known of all. */
function sum(figures: readonly (number | undefined)[]): number | undefined {
  return figures.reduce(
    (total, figure) => (total === undefined || figure === undefined ? undefined : total + figure),
    0,
  );
}

/** To one that has just ended, in vain. */
function send(worker: Worker, order: WorkerOrder): void {
  if (worker.isConnected()) worker.send(order, () => {});
}

import { Agent, get } from 'node:http';
import type { Socket } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lap, Measured } from './figures.js';

/** What is recent looks back over about this many requests. */
const RECENT = 100;
/** Longer than any request waits in line. */
const PATIENCE_MS = 10_000;
/** A client whose request failed does not ask again at once. */
const AFTER_FAILURE_MS = 20;

export interface DriveOptions {
  readonly origin: string;
  readonly paths: Iterator<string, never>;
  /** How many requests are under way at once: as many people as wait for an answer at the same moment. */
  readonly clients: number;
  /** The workers that were killed: a request that was under way in one of them had to fail. */
  readonly killed: ReadonlySet<string>;
}

/**
 * Sends a row of requests to the service in one mode, and measures what comes back.
 *
 * The clients wait for an answer before they ask again, so the slower the service, the fewer the requests: what a
 * crowd of real people with patience would do. A latency includes the wait behind the requests of the other clients.
 */
export class Drive {
  readonly mode: string;
  readonly #options: DriveOptions;
  // Connections stay open from turn to turn, as a browser's or a proxy's would: one to each worker, by the round robin.
  readonly #agent: Agent;
  readonly #workers = new WeakMap<Socket, string>();
  // In microseconds. A histogram, not a list: the light load may go on for days.
  readonly #latencies = createHistogram();
  #requests = 0;
  #hits = 0;
  #recentHitRatio = 0;
  #recentMs = 0;
  #busyMs = 0;
  #lap = { requests: 0, hits: 0, cutOff: 0, failed: 0, slowestMs: 0 };
  #firstFailure: string | undefined;

  constructor(mode: string, options: DriveOptions) {
    this.mode = mode;
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.clients });
  }

  /** Keeps all clients busy for `ms`, and then waits for the answers that are still to come. */
  turn(ms: number): Promise<Measured> {
    const start = performance.now();
    return this.#work(() => performance.now() - start < ms);
  }

  /** As many requests, by all clients together. */
  ask(count: number): Promise<Measured> {
    let left = count;
    return this.#work(() => left-- > 0);
  }

  /** How many were answered since {@link lap} was called last. */
  get answered(): number {
    return this.#lap.requests;
  }

  /** What was counted since this was called last. */
  lap(): Lap {
    const { requests, hits, cutOff, failed, slowestMs } = this.#lap;
    this.#lap = { requests: 0, hits: 0, cutOff: 0, failed: 0, slowestMs: 0 };
    const hitRatio = requests === 0 ? undefined : hits / requests;
    return { mode: this.mode, requests, hitRatio, cutOff, failed, firstFailure: this.#firstFailure, slowestMs };
  }

  close(): void {
    this.#agent.destroy();
  }

  async #work(hasMore: () => boolean): Promise<Measured> {
    const start = performance.now();
    const client = async () => {
      while (hasMore()) await this.#request();
    };
    await Promise.all(Array.from({ length: this.#options.clients }, client));
    this.#busyMs += performance.now() - start;
    return this.#measured();
  }

  async #request(): Promise<void> {
    const path = this.#options.paths.next().value;
    const start = performance.now();
    let cache: string;
    try {
      cache = await this.#send(`${this.#options.origin}${path}&cache=${this.mode}`);
    } catch (error) {
      if (error instanceof CutOff) this.#lap.cutOff++;
      else {
        this.#lap.failed++;
        this.#firstFailure ??= String(error);
      }
      this.#lap.slowestMs = Math.max(this.#lap.slowestMs, performance.now() - start);
      await delay(AFTER_FAILURE_MS);
      return;
    }
    const micros = Math.max(1, Math.round((performance.now() - start) * 1000));
    this.#latencies.record(micros);
    this.#requests++;
    this.#lap.requests++;
    this.#lap.slowestMs = Math.max(this.#lap.slowestMs, micros / 1000);
    const hit = cache === 'hit' ? 1 : 0;
    this.#hits += hit;
    this.#lap.hits += hit;
    const weight = 1 / Math.min(this.#requests, RECENT);
    this.#recentHitRatio += (hit - this.#recentHitRatio) * weight;
    this.#recentMs += (micros / 1000 - this.#recentMs) * weight;
  }

  /** What the service says of its cache, once the whole answer is there. */
  #send(url: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        const worker = request.socket === null ? undefined : this.#workers.get(request.socket);
        reject(worker !== undefined && this.#options.killed.has(worker) ? new CutOff() : error);
      };
      const request = get(url, { agent: this.#agent, timeout: PATIENCE_MS }, (response) => {
        const { 'x-cache': cache, 'x-worker': worker } = response.headers;
        this.#workers.set(response.socket, String(worker));
        response.on('error', fail);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(String(cache));
          else reject(new Error(`${url} was answered with ${response.statusCode}`));
        });
        response.resume();
      });
      request.on('timeout', () => request.destroy(new Error(`${url} was not answered within ${PATIENCE_MS} ms`)));
      request.on('error', fail);
    });
  }

  #measured(): Measured {
    return {
      mode: this.mode,
      requests: this.#requests,
      perSecond: this.#requests / (this.#busyMs / 1000),
      p50: this.#latencies.percentile(50) / 1000,
      p99: this.#latencies.percentile(99) / 1000,
      hitRatio: this.#requests === 0 ? 0 : this.#hits / this.#requests,
      recentHitRatio: this.#recentHitRatio,
      recentMs: this.#recentMs,
    };
  }
}

/** The request was under way in a worker that was killed. */
class CutOff extends Error {}

import { Agent, get } from 'node:http';
import { createHistogram } from 'node:perf_hooks';
import type { Measured } from './figures.js';

/** How many requests are under way at once: as many people as wait for an answer at the same moment. */
export const CLIENTS = 2;
/** What is recent looks back over about this many requests. */
const RECENT = 100;

/**
 * Sends a row of requests to the service in one mode, and measures what comes back.
 *
 * The clients wait for an answer before they ask again, so the slower the service, the fewer the requests: what a
 * crowd of real people with patience would do. A latency includes the wait behind the requests of the other clients.
 */
export class Drive {
  readonly #mode: string;
  readonly #origin: string;
  readonly #paths: Iterator<string, never>;
  // Connections stay open from turn to turn, as a browser's or a proxy's would.
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  // In microseconds. A histogram, not a list: the light load may go on for days.
  readonly #latencies = createHistogram();
  #requests = 0;
  #hits = 0;
  #recentHitRatio = 0;
  #recentMs = 0;
  #busyMs = 0;

  constructor(mode: string, origin: string, paths: Iterator<string, never>) {
    this.#mode = mode;
    this.#origin = origin;
    this.#paths = paths;
  }

  /** Keeps all clients busy for `ms`, and then waits for the answers that are still to come. */
  async turn(ms: number): Promise<Measured> {
    const start = performance.now();
    const client = async () => {
      while (performance.now() - start < ms) await this.#request();
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    this.#busyMs += performance.now() - start;
    return this.#measured();
  }

  /** One request alone. */
  async once(): Promise<Measured> {
    const start = performance.now();
    await this.#request();
    this.#busyMs += performance.now() - start;
    return this.#measured();
  }

  async #request(): Promise<void> {
    const path = this.#paths.next().value;
    const start = performance.now();
    const cache = await this.#send(`${this.#origin}${path}&cache=${this.#mode}`);
    const micros = Math.max(1, Math.round((performance.now() - start) * 1000));
    this.#latencies.record(micros);
    this.#requests++;
    const hit = cache === 'hit' ? 1 : 0;
    this.#hits += hit;
    const weight = 1 / Math.min(this.#requests, RECENT);
    this.#recentHitRatio += (hit - this.#recentHitRatio) * weight;
    this.#recentMs += (micros / 1000 - this.#recentMs) * weight;
  }

  /** What the service says of its cache, once the whole answer is there. */
  #send(url: string): Promise<string> {
    return new Promise((resolve, reject) => {
      get(url, { agent: this.#agent }, (response) => {
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode === 200) resolve(String(response.headers['x-cache']));
          else reject(new Error(`${url} was answered with ${response.statusCode}`));
        });
        response.resume();
      }).on('error', reject);
    });
  }

  #measured(): Measured {
    return {
      mode: this.#mode,
      requests: this.#requests,
      perSecond: this.#requests / (this.#busyMs / 1000),
      p50: this.#latencies.percentile(50) / 1000,
      p99: this.#latencies.percentile(99) / 1000,
      hitRatio: this.#hits / this.#requests,
      recentHitRatio: this.#recentHitRatio,
      recentMs: this.#recentMs,
    };
  }
}

import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** What the office does not answer sooner than. */
const USUAL_DELAY_MS = 400;
/** One place in so many has no station. */
const WITHOUT_STATION = 7;

export interface OfficeState {
  /** How often it was asked for weather or climate. */
  readonly asked: number;
  readonly isAway: boolean;
}

/**
 * What the service depends on and has no power over: a weather office, asked over HTTP, that takes its time and is away
 * at times. (It runs in the main process and makes its weather up, since an example has no business on the network.)
 *
 * It counts who asks, so that it is seen how many of the service's answers came from its cache. Emits `change`.
 */
export class WeatherOffice extends EventEmitter<{ change: [] }> {
  readonly #delay: () => Promise<unknown>;
  readonly #server: Server;
  /** By country; the first is 1. */
  readonly #editions = new Map<string, number>();
  #asked = 0;
  #isAway = false;
  /** Its address, once it is open. */
  url = '';

  /** @param delay what its answers wait for. */
  private constructor(delay: () => Promise<unknown>) {
    super();
    this.#delay = delay;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async open(wait: () => Promise<unknown> = () => delay(USUAL_DELAY_MS)): Promise<WeatherOffice> {
    const office = new WeatherOffice(wait);
    await new Promise<void>((resolve) => office.#server.listen(0, '127.0.0.1', resolve));
    const address = office.#server.address();
    office.url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    return office;
  }

  get state(): OfficeState {
    return { asked: this.#asked, isAway: this.#isAway };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer({ method, url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(url, this.url);
    const country = searchParams.get('country') ?? '';
    if (method === 'POST' && pathname === '/away') {
      this.#isAway = searchParams.get('is') === 'true';
      this.emit('change');
      return send(response, 200, this.state);
    }
    if (method === 'POST' && pathname === '/correction') {
      this.#editions.set(country, this.#edition(country) + 1);
      return send(response, 200, {});
    }
    if (pathname === '/edition') return send(response, 200, { edition: this.#edition(country) });

    this.#asked++;
    this.emit('change');
    const report = this.#asked;
    await this.#delay();
    if (this.#isAway) return send(response, 503, { error: 'The weather office is away.' });
    if (pathname === '/weather') {
      const place = Number(searchParams.get('place'));
      if (place % WITHOUT_STATION === 0) return send(response, 404, { error: 'There is no station.' });
      const lat = Number(searchParams.get('lat'));
      return send(response, 200, { celsius: tenths(mean(lat) + 5 * Math.sin(place + report)), report });
    }
    const lats = (searchParams.get('lats') ?? '').split(',').map(Number);
    send(response, 200, { means: lats.map((lat) => tenths(mean(lat) + this.#edition(country) / 10)) });
  }

  #edition(country: string): number {
    return this.#editions.get(country) ?? 1;
  }
}

/** The mean temperature of a year, in degrees Celsius, as far as the latitude tells. */
function mean(lat: number): number {
  return 27 - 0.008 * lat ** 2;
}

function tenths(number: number): number {
  return Math.round(number * 10) / 10;
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

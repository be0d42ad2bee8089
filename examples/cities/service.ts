import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CacheUnavailableError, LoadTimeoutError } from 'locmem';
import type { LiveFigures } from './live-figures.js';
import type { Mode } from './modes.js';
import { pageFile } from './page-files.js';
import { largest, type Place } from './places.js';
import { answer, BadRequest, nearestQuery, searchQuery } from './queries.js';
import { OfficeError, type WeatherService } from './weather.js';
import { weatherRoute } from './weather-routes.js';

/** The dots of the map: enough for the continents to be seen. */
const DOTS = 6000;

const HEADERS = {
  // Nothing from elsewhere, no inline script or style: a place name cannot become code.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

export interface Service {
  readonly places: readonly Place[];
  readonly modes: readonly Mode[];
  readonly weather: WeatherService;
  readonly live: LiveFigures;
}

/** The browser asks again so soon when the worker that it was connected to is gone, in milliseconds. */
const RETRY_MS = 300;

/** The whole HTTP service; who calls it lets it listen. */
export function createService({ places, modes, weather, live }: Service): Server {
  let dots: string | undefined;
  const usual = modes.find((mode) => mode.id === 'shared') ?? modes[modes.length - 1];

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      // Who asked is gone: that ended the waiting, and is no failure.
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (error instanceof BadRequest) return sendJson(response, 400, { error: error.message });
      // Without its cache, this service would be too slow for all who ask. One that is not says `failOpen`.
      if (error instanceof CacheUnavailableError) return sendJson(response, 503, { error: error.message });
      if (error instanceof OfficeError) return sendJson(response, 503, { error: error.message });
      if (error instanceof LoadTimeoutError) return sendJson(response, 504, { error: error.message });
      console.error(error);
      sendJson(response, 500, { error: 'The service failed; its terminal says why.' });
    });
  });
  return server;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Split by hand: `new URL` would throw on some of what a browser may not, but a script can send.
    const [path, search = ''] = (request.url ?? '/').split('?', 2);
    const parameters = new URLSearchParams(search);

    const { method = 'GET' } = request;
    const routed = await weatherRoute(weather, { method, path, parameters, signal: leaving(response) });
    if (routed !== undefined) return sendJson(response, 200, routed);
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return sendJson(response, 405, { error: `${method} is not something this service does at ${path}` });
    }
    if (path === '/api/search') return sendAnswer(response, searchQuery(places, parameters), parameters);
    if (path === '/api/nearest') return sendAnswer(response, nearestQuery(places, parameters), parameters);
    if (path === '/api/map') return send(response, 200, 'application/json', mapDots());
    if (path === '/api/figures') return send(response, 200, 'application/json', live.json);
    if (path === '/api/live') return sendLive(response);

    const file = await pageFile(path);
    if (file === undefined) return sendJson(response, 404, { error: `There is nothing at ${path}` });
    send(response, 200, file.type, file.body);
  }

  async function sendAnswer(
    response: ServerResponse,
    query: Parameters<typeof answer>[0],
    parameters: URLSearchParams,
  ): Promise<void> {
    const id = parameters.get('cache') ?? usual.id;
    const mode = modes.find((one) => one.id === id);
    if (mode === undefined) {
      throw new BadRequest(`cache is one of ${modes.map((one) => one.id).join(', ')}, not '${id}'`);
    }
    response.setHeader('x-worker', process.pid);
    const answered = await answer(query, mode.cache);
    response.setHeader('x-cache', answered.cache);
    response.setHeader('server-timing', `answer;dur=${answered.ms.toFixed(3)}`);
    sendJson(response, 200, answered);
  }

  /** Made when the first page asks, not while requests wait for a worker to start. */
  function mapDots(): string {
    dots ??= JSON.stringify(largest(places, DOTS).map(({ lon, lat, population }) => [lon, lat, population]));
    return dots;
  }

  /** Server-sent events: the figures now, and again whenever they change. */
  function sendLive(response: ServerResponse): void {
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    response.write(`retry: ${RETRY_MS}\n\n`);
    const push = () => response.write(`data: ${live.json}\n\n`);
    live.on('change', push);
    response.on('close', () => live.off('change', push));
    push();
  }
}

/** Aborted when who asked is gone. */
function leaving(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { ...HEADERS, 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json', JSON.stringify(value));
}

/**
 * Listens on loopback alone: an example has no business on the network.
 *
 * A port that is taken is no reason to fail; the caller says which one it became.
 */
export async function listen(server: Server, port: number): Promise<number> {
  const tryPort = (wanted: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  try {
    await tryPort(port);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    await tryPort(0);
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

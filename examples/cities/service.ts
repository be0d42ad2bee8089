import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Figures } from './figures.js';
import type { Mode } from './modes.js';
import { pageFile } from './page-files.js';
import { largest, type Place } from './places.js';
import { answer, BadRequest, nearestQuery, searchQuery } from './queries.js';

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
  readonly figures: Figures;
}

/** The whole HTTP service; who calls it lets it listen. */
export function createService({ places, modes, figures }: Service): Server {
  const dots = JSON.stringify(largest(places, DOTS).map(({ lon, lat, population }) => [lon, lat, population]));

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      if (error instanceof BadRequest) return sendJson(response, 400, { error: error.message });
      console.error(error);
      sendJson(response, 500, { error: 'The service failed; its terminal says why.' });
    });
  });
  return server;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return sendJson(response, 405, { error: `${request.method} is not something this service does` });
    }
    // Split by hand: `new URL` would throw on some of what a browser may not, but a script can send.
    const [path, search = ''] = (request.url ?? '/').split('?', 2);
    const parameters = new URLSearchParams(search);

    if (path === '/api/search') return sendAnswer(response, searchQuery(places, parameters), parameters);
    if (path === '/api/nearest') return sendAnswer(response, nearestQuery(places, parameters), parameters);
    if (path === '/api/map') return send(response, 200, 'application/json', dots);
    if (path === '/api/figures') return sendJson(response, 200, await figures.snapshot());
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
    const id = parameters.get('cache') ?? 'lru';
    const mode = modes.find((one) => one.id === id);
    if (mode === undefined) {
      throw new BadRequest(`cache is one of ${modes.map((one) => one.id).join(', ')}, not '${id}'`);
    }
    const answered = await answer(query, mode.cache);
    response.setHeader('x-cache', answered.cache);
    response.setHeader('server-timing', `answer;dur=${answered.ms.toFixed(3)}`);
    sendJson(response, 200, answered);
  }

  /** Server-sent events: the figures now, and again whenever they change. */
  async function sendLive(response: ServerResponse): Promise<void> {
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    const push = async () => {
      const snapshot = await figures.snapshot();
      if (!response.destroyed) response.write(`data: ${JSON.stringify(snapshot)}\n\n`);
    };
    figures.on('change', push);
    response.on('close', () => figures.off('change', push));
    await push();
  }
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

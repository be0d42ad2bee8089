/** One of the processes that `workers.ts` starts: the service as a user would write it, and its caches. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CacheFigures } from './figures.js';
import { LiveFigures } from './live-figures.js';
import { closeModes, type Mode, openModes } from './modes.js';
import { loadPlaces } from './places.js';
import { createService, listen } from './service.js';
import { WeatherService } from './weather.js';
import { openWeatherCache } from './weather-cache.js';
import { WORKER_VARIABLE, type WorkerMessage, type WorkerOrder, type WorkerSettings } from './workers.js';

const REPORT_EVERY_MS = 1000;

// A signal to the whole group, such as Ctrl-C in a terminal, reaches the workers too; it is the main process that ends them.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
// It was started with --no-warnings, for the sake of this one: `workers.ts` says why.
process.on('warning', (warning: Error & { code?: string }) => {
  if (warning.code !== 'LOCMEM_NOT_SHARED') console.error(warning.stack);
});

const { port, number, caches, weather }: WorkerSettings = JSON.parse(process.env[WORKER_VARIABLE] ?? '');
// A worker of a cluster ends when the main process is gone. Nobody is left then to remove what all of them shared.
process.once('exit', () => {
  if (!process.connected) rmSync(dirname(caches.location), { recursive: true, force: true });
});

const places = await loadPlaces();
const modes = await openModes(caches, number);
const weatherCache = openWeatherCache(caches, number);
const live = new LiveFigures();
const server = createService({
  places,
  modes,
  weather: new WeatherService({ cache: weatherCache, places, ...weather }),
  live,
});
process.on('message', (order: WorkerOrder) => {
  if (order.kind === 'figures') live.show(order.json);
  else if (order.kind === 'report') report();
  else end();
});
tell({ kind: 'serving', port: await listen(server, port), places: places.length });
await report();
setInterval(report, REPORT_EVERY_MS);

async function end(): Promise<void> {
  server.close();
  server.closeAllConnections();
  await Promise.all([closeModes(modes), weatherCache.close()]);
  process.exit();
}

async function report(): Promise<void> {
  const caches: Record<string, CacheFigures> = {};
  for (const mode of modes) {
    const figures = await held(mode);
    if (figures !== undefined) caches[mode.id] = figures;
  }
  tell({ kind: 'report', rss: process.memoryUsage.rss(), caches });
}

async function held({ cache, near }: Mode): Promise<CacheFigures | undefined> {
  try {
    const stats = await cache?.stats();
    const { entries, bytes } = (await near?.stats()) ?? stats ?? {};
    return stats && { entries, bytes, errors: stats.errors };
  } catch {
    // Closed, because this worker ends.
    return undefined;
  }
}

function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

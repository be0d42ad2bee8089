/** `npm start`: a real service on real data, in several workers, with and without a cache. Start reading here. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readChosen } from './chosen-cache.js';
import { demonstrate } from './demonstrate.js';
import { Figures } from './figures.js';
import { Load } from './load.js';
import { bytesOfAll, type CacheSettings, modeNames, nameChosen, REDIS_MODES } from './modes.js';
import { type Options, readOptions, USAGE } from './options.js';
import { Progress } from './progress.js';
import { RedisServer } from './redis-server.js';
import { WeatherOffice } from './weather-office.js';
import { Workers } from './workers.js';

let options: Options | undefined;
let chosen: CacheSettings['chosen'];
try {
  const read = readOptions(process.argv.slice(2));
  const cache = read.help ? undefined : readChosen(process.env);
  if (cache !== undefined) chosen = { cache, name: await nameChosen(cache) };
  options = read;
} catch (error) {
  // Of Node's own messages, the first sentence says it.
  const [sentence] = (error as Error).message.split(/\.\s/, 1);
  console.error(`${sentence} (--help lists the options)`);
  process.exitCode = 2;
}
if (options?.help) console.log(USAGE);
else if (options) await run(options, chosen);

async function run({ workers: count, port, runFor }: Options, chosen: CacheSettings['chosen']): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  // Once: whoever presses Ctrl-C a second time is not asked again.
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  // `performance.now()` counts from the start of the process.
  const endsAt = runFor === undefined ? Infinity : Date.now() - performance.now() + runFor;

  // The segment's place is in memory where there is such a folder, and is of this run alone.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'locmem-cities-'));
  const redis = new Map<string, RedisServer>();
  if (chosen === undefined && RedisServer.isInstalled()) {
    for (const mode of REDIS_MODES) redis.set(mode, await RedisServer.start(folder));
  }
  const redisUrls = Object.fromEntries([...redis].map(([mode, { url }]) => [mode, url]));
  const office = await WeatherOffice.open();
  const modes = modeNames({ redisUrls, chosen });
  const figures = new Figures(modes, chosen === undefined ? bytesOfAll(count) : undefined);
  const progress = new Progress(modes);
  const load = new Load((measured) => {
    figures.record(measured);
    if (figures.phase === 'measuring') progress.show(measured);
  });
  office.on('change', () => figures.showOffice(office.state));
  const caches = { workers: count, location: join(folder, 'answers.cache'), redisUrls, chosen };
  const workers = new Workers(caches, { office: office.url }, port);
  try {
    const showing = demonstrate({ modes, figures, load, workers, redis, port, endsAt }, signal);
    await Promise.race([showing, once(signal, 'abort')]);
  } catch (error) {
    // A signal to the whole group may have ended a worker that was just starting, and we hear of that first.
    await delay(100);
    if (!signal.aborted) throw error;
  } finally {
    stop.abort();
    await Promise.all([load.stop(), workers.stop()]);
    await office.close();
    await Promise.all([...redis.values()].map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

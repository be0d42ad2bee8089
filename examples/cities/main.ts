/** `npm start`: a real service on real data, in several workers, with and without a cache. Start reading here. */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { demonstrate } from './demonstrate.js';
import { Figures } from './figures.js';
import { Load } from './load.js';
import { bytesOfAll, modeNames } from './modes.js';
import { type Options, readOptions, USAGE } from './options.js';
import { Progress } from './progress.js';
import { RedisServer } from './redis-server.js';
import { Workers } from './workers.js';

let options: Options | undefined;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  // Of Node's own messages, the first sentence says it.
  const [sentence] = (error as Error).message.split(/\.\s/, 1);
  console.error(`${sentence} (--help lists the options)`);
  process.exitCode = 2;
}
if (options?.help) console.log(USAGE);
else if (options) await run(options);

async function run({ workers: count, port, runFor }: Options): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  // Once: whoever presses Ctrl-C a second time is not asked again.
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  // `performance.now()` counts from the start of the process.
  const endsAt = runFor === undefined ? Infinity : Date.now() - performance.now() + runFor;

  // The segment's place is in memory where there is such a folder, and is of this run alone.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'locmem-cities-'));
  const redis = RedisServer.isInstalled() ? await RedisServer.start(folder) : undefined;
  const modes = modeNames(redis !== undefined);
  const figures = new Figures(modes, bytesOfAll(count));
  const progress = new Progress(modes);
  const load = new Load((measured) => {
    figures.record(measured);
    if (figures.phase === 'measuring') progress.show(measured);
  });
  const workers = new Workers(
    { workers: count, location: join(folder, 'answers.cache'), redisPort: redis?.port },
    port,
  );
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
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `npm start`: a real service on real data, compared with and without a cache. Start reading here. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CLIENTS } from './drive.js';
import { Figures } from './figures.js';
import { Load } from './load.js';
import { closeModes, MAX_ENTRIES, openModes } from './modes.js';
import { type Options, readOptions, USAGE } from './options.js';
import { loadPlaces } from './places.js';
import { Progress } from './progress.js';
import { createService, listen } from './service.js';
import { formatTable } from './table.js';

const COMPARISON_MS = 20_000;
/** Less than this would say nothing; a run may take a little longer for it. */
const SHORTEST_COMPARISON_MS = 1000;
const HOW_IT_IS_MEASURED =
  `Over HTTP on loopback, by a process of its own with ${CLIENTS} requests under way; latencies include the wait in line.\n` +
  'Every mode gets the same row of requests from its beginning, in short turns; a faster one gets further in it.';
const IT_WAS_SHORT = 'It was short: the caches were still filling up, so the policies have hardly begun to differ.';
/** The caches begin empty: this long, filling them is most of what is seen. */
const SHORT_COMPARISON_MS = 10_000;
/** With `--for`, what is left at the end for the table and for putting everything away. */
const LAST_MS = 400;

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

async function run({ port, runFor }: Options): Promise<void> {
  const stop = new AbortController();
  // Once: whoever presses Ctrl-C a second time is not asked again.
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const stopped = once(stop.signal, 'abort');
  // `performance.now()` counts from the start of the process.
  const endsAt = runFor === undefined ? Infinity : Date.now() - performance.now() + runFor;

  const load = new Load();
  const places = await loadPlaces();
  const modes = openModes();
  const figures = new Figures(modes, places.length);
  const server = createService({ places, modes, figures });
  try {
    const actual = await listen(server, port);
    const origin = `http://127.0.0.1:${actual}`;
    console.log(`A search of ${places.length.toLocaleString('en')} places, at ${origin}/ (Ctrl-C ends it)`);
    if (port !== 0 && actual !== port) console.log(`Port ${port} is not free, so this is another one.`);

    const left = endsAt - LAST_MS - Date.now();
    const until = Date.now() + Math.max(SHORTEST_COMPARISON_MS, Math.min(COMPARISON_MS, left));
    console.log(`Measuring without a cache, and with LocMemCache under two policies, ${MAX_ENTRIES} entries each:`);
    const progress = new Progress(modes);
    const comparing = load.compare({ origin, modes: modes.map((mode) => mode.id), until }, (measured) => {
      figures.record(measured);
      if (!figures.finished) progress.show(measured);
    });
    await Promise.race([comparing, stopped]);
    if (stop.signal.aborted) return;

    figures.finish();
    const { modes: compared } = await figures.snapshot();
    console.log(`\n${formatTable(compared)}\n\n${HOW_IT_IS_MEASURED}`);
    if (runFor !== undefined && runFor < SHORT_COMPARISON_MS) console.log(IT_WAS_SHORT);
    if (endsAt - Date.now() > 2 * LAST_MS) console.log(`\nServing on, under a light load: try a search at ${origin}/`);
    await (endsAt === Infinity
      ? stopped
      : Promise.race([stopped, delay(endsAt - Date.now(), undefined, { ref: false })]));
  } finally {
    await load.stop();
    server.close();
    server.closeAllConnections();
    await closeModes(modes);
  }
}

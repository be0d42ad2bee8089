import { parseArgs } from 'node:util';
import ms, { type StringValue } from 'ms';

export const USAGE = `Usage: npm start -- [options]

  --workers <n>  how many processes serve together, from 2 to 16 (default: 4)
  --for <time>   end by itself after about this long, such as 5s or 2m (default: go on until Ctrl-C)
  --port <n>     the port of the page, 0 for any free one (default: 8080, or a free one if that is taken)
  --help         show this text

The environment can name one cache to be compared with none, in place of all others:
  CACHE_URL      such as redis://127.0.0.1:6379, redis://127.0.0.1:6379?failOpen=true, shared:cities or dummy:
  CACHE_L1_URL   a cache in front of it: locmem:, or shared:cities-{worker}, where {worker} is the worker's number,
                 so that each worker plays a machine of its own (without it, all of them one)`;

export interface Options {
  readonly help: boolean;
  readonly workers: number;
  readonly port: number;
  /** How long to run in all, in milliseconds; without it until a signal comes. */
  readonly runFor: number | undefined;
}

const SHORTEST_RUN = 1000;
/** One alone has nobody to share with, or to go on when it is killed. */
const FEWEST_WORKERS = 2;
/** Each has the whole data set in memory. */
const MOST_WORKERS = 16;

/**
 * Reads the command line.
 *
 * @throws Error with a message for the person who typed it, if something on it is not understood.
 */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      workers: { type: 'string' },
      for: { type: 'string' },
      port: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  return {
    help: values.help ?? false,
    workers: readNumber('--workers', values.workers ?? '4', FEWEST_WORKERS, MOST_WORKERS),
    port: readNumber('--port', values.port ?? '8080', 0, 65_535),
    runFor: values.for === undefined ? undefined : readTime(values.for),
  };
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most) {
    throw new Error(`${name} takes a number from ${least} to ${most}, not '${text}'`);
  }
  return number;
}

function readTime(text: string): number {
  // `ms` takes what it cannot read as `undefined`, but throws on an empty text.
  const time = text === '' ? undefined : ms(text as StringValue);
  if (time === undefined || !(time >= SHORTEST_RUN)) {
    throw new Error(`--for takes a time of at least 1s, such as '5s' or '2m', not '${text}'`);
  }
  return time;
}

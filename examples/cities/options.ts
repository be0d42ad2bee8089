import { parseArgs } from 'node:util';
import ms, { type StringValue } from 'ms';

export const USAGE = `Usage: npm start -- [options]

  --for <time>   end by itself after about this long, such as 5s or 2m (default: go on until Ctrl-C)
  --port <n>     the port of the page, 0 for any free one (default: 8080, or a free one if that is taken)
  --help         show this text`;

export interface Options {
  readonly help: boolean;
  readonly port: number;
  /** How long to run in all, in milliseconds; without it until a signal comes. */
  readonly runFor: number | undefined;
}

const SHORTEST_RUN = 1000;

/**
 * Reads the command line.
 *
 * @throws Error with a message for the person who typed it, if something on it is not understood.
 */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { for: { type: 'string' }, port: { type: 'string' }, help: { type: 'boolean' } },
  });
  return {
    help: values.help ?? false,
    port: readPort(values.port ?? '8080'),
    runFor: values.for === undefined ? undefined : readTime(values.for),
  };
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new Error(`--port takes a number from 0 to 65535, not '${text}'`);
  return port;
}

function readTime(text: string): number {
  // `ms` takes what it cannot read as `undefined`, but throws on an empty text.
  const time = text === '' ? undefined : ms(text as StringValue);
  if (time === undefined || !(time >= SHORTEST_RUN)) {
    throw new Error(`--for takes a time of at least 1s, such as '5s' or '2m', not '${text}'`);
  }
  return time;
}

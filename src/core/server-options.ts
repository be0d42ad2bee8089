import { InvalidConfigError, show } from './errors.js';
import { type Ttl, ttlMilliseconds } from './ttl.js';

/** What caches on a server take to deal with its failures. */
export interface ServerOptions {
  /** How long a call waits for an answer, to connect included. Default: `'1s'`. */
  commandTimeout?: Ttl;
  /**
   * Whether, where the server does not answer, reads miss and writes are dropped, instead of an error. Either way
   * `stats().errors` counts it. Default: false.
   */
  failOpen?: boolean;
}

export const SERVER_OPTIONS: readonly string[] = ['commandTimeout', 'failOpen'];

/** {@link ServerOptions}, checked, with the defaults filled in and the time in milliseconds. */
export interface ServerSettings {
  readonly commandTimeout: number;
  readonly failOpen: boolean;
}

/** A timer takes no more. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** @throws InvalidConfigError naming the option at fault. */
export function readServerOptions({ commandTimeout = '1s', failOpen = false }: ServerOptions): ServerSettings {
  if (typeof failOpen !== 'boolean') throw new InvalidConfigError(`failOpen is true or false; got ${show(failOpen)}.`);
  return { commandTimeout: readTimeout(commandTimeout), failOpen };
}

function readTimeout(timeout: Ttl): number {
  let milliseconds: number;
  try {
    milliseconds = ttlMilliseconds(timeout);
  } catch (cause) {
    throw new InvalidConfigError(`The option commandTimeout: ${(cause as Error).message}`, { cause });
  }
  if (milliseconds >= 1 && milliseconds <= LONGEST_TIMEOUT) return milliseconds;
  throw new InvalidConfigError(`commandTimeout is from 1 ms to ${LONGEST_TIMEOUT} ms; got ${show(timeout)}.`);
}

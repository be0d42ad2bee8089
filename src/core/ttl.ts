import ms, { type StringValue } from 'ms';
import { invalidArgument, show } from './errors.js';

/**
 * A time to live: milliseconds, or a number with a unit, such as `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'1d'`.
 * `null` and `Infinity`: never expires. 0 or less: expired at once. (Whatever else the package `ms` reads is read too,
 * such as `'2 weeks'`; the type keeps to what cannot be mistaken.)
 */
export type Ttl = number | null | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** Strings already read. Programs use a handful of them; a map answers in a tenth of the time that parsing takes. */
const known = new Map<string, number>();
const KNOWN_LIMIT = 100;

/**
 * The milliseconds that `ttl` stands for: `Infinity` for never.
 *
 * @throws TypeError if it is not a ttl: NaN, an unreadable string, another type.
 */
export function ttlMilliseconds(ttl: unknown): number {
  if (typeof ttl === 'number' && !Number.isNaN(ttl)) return ttl;
  if (ttl === null) return Number.POSITIVE_INFINITY;
  if (typeof ttl === 'string') return known.get(ttl) ?? parse(ttl);
  throw unreadable(ttl);
}

function parse(ttl: string): number {
  const milliseconds = ttl.length > 0 && ttl.length <= 100 ? ms(ttl as StringValue) : undefined;
  if (typeof milliseconds !== 'number' || Number.isNaN(milliseconds)) throw unreadable(ttl);
  if (known.size < KNOWN_LIMIT) known.set(ttl, milliseconds);
  return milliseconds;
}

function unreadable(ttl: unknown): TypeError {
  return invalidArgument(
    `A ttl is a number of milliseconds, a string such as '30s' or '5m', or null for never; got ${show(ttl)}.`,
  );
}

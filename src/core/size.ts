import { InvalidConfigError, show } from './errors.js';

/** A size in bytes: a number, or a string such as `'512kb'`, `'64mb'`, `'1gb'` (1 mb = 1,048,576 bytes). */
export type Size = number | `${number}${'b' | 'kb' | 'mb' | 'gb'}`;

const UNITS: Record<string, number> = { b: 1, kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 };

/**
 * The whole number of bytes that the option `name` stands for.
 *
 * @throws InvalidConfigError if it is not a positive size.
 */
export function sizeInBytes(name: string, size: unknown): number {
  const bytes = typeof size === 'string' ? parse(size) : size;
  if (typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new InvalidConfigError(
    `${name} is a positive whole number of bytes, or a string such as '64mb'; got ${show(size)}.`,
  );
}

function parse(size: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(b|kb|mb|gb)?$/i.exec(size);
  if (match === null) return Number.NaN;
  return Math.floor(Number(match[1]) * UNITS[(match[2] ?? 'b').toLowerCase()]!);
}

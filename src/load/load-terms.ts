import type { LoadOptions } from '../core/call-options.js';
import { invalidArgument, show } from '../core/errors.js';
import type { StandardSchema } from '../core/standard-schema.js';
import { ttlMilliseconds } from '../core/ttl.js';

/** {@link LoadOptions} beyond those of an entry, checked, in milliseconds. */
export interface LoadTerms {
  readonly jitter: number;
  /** `undefined`: a `null` lives as long as any other value. */
  readonly negativeTtl: number | undefined;
  readonly schema: StandardSchema | undefined;
  /** `Infinity` for none. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** What holds where nothing is asked for: one object, so that a plain call makes none. */
export const PLAIN: LoadTerms = {
  jitter: 0,
  negativeTtl: undefined,
  schema: undefined,
  timeout: Number.POSITIVE_INFINITY,
  signal: undefined,
};

/** What a timer takes: the next millisecond would be one of no length at all. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** @throws TypeError naming the option at fault. */
export function readLoadTerms(options: unknown): LoadTerms {
  if (typeof options !== 'object' || options === null) return PLAIN;
  const { jitter, negativeTtl, schema, timeout, signal } = options as LoadOptions;
  const isPlain = jitter === undefined && negativeTtl === undefined && schema === undefined;
  if (isPlain && timeout === undefined && signal === undefined) return PLAIN;
  return {
    jitter: jitter === undefined ? PLAIN.jitter : readJitter(jitter),
    negativeTtl: negativeTtl === undefined ? undefined : milliseconds('negativeTtl', negativeTtl),
    schema: schema === undefined ? undefined : checkedSchema(schema),
    timeout: timeout === undefined ? PLAIN.timeout : readTimeout(timeout),
    signal: signal === undefined ? undefined : checkedSignal(signal),
  };
}

/** The milliseconds that an entry lives of which the factory made `made`. */
export function ttlOf(made: unknown, ttl: number, { jitter, negativeTtl }: LoadTerms): number {
  const longest = made === null && negativeTtl !== undefined ? negativeTtl : ttl;
  if (jitter === 0 || longest <= 1 || longest === Number.POSITIVE_INFINITY) return longest;
  const shortest = Math.max(1, longest - jitter);
  return longest - Math.random() * (longest - shortest);
}

function readJitter(jitter: unknown): number {
  const most = milliseconds('jitter', jitter);
  if (most >= 0 && most < Number.POSITIVE_INFINITY) return most;
  throw invalidArgument(`jitter is a time of 0 or more, such as '30s'; got ${show(jitter)}.`);
}

function readTimeout(timeout: unknown): number {
  const most = milliseconds('timeout', timeout);
  if (most > 0 && (most <= LONGEST_TIMEOUT || most === Number.POSITIVE_INFINITY)) return most;
  throw invalidArgument(`timeout is more than 0 and at most 24 days, or null for none; got ${show(timeout)}.`);
}

function milliseconds(name: string, value: unknown): number {
  try {
    return ttlMilliseconds(value);
  } catch (error) {
    throw invalidArgument(`The option ${name}: ${(error as Error).message}`);
  }
}

function checkedSchema(schema: unknown): StandardSchema {
  const isObject = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  if (isObject && typeof (schema as StandardSchema)['~standard']?.validate === 'function') {
    return schema as StandardSchema;
  }
  throw invalidArgument(
    `schema is a Standard Schema, as Zod 3.24, Valibot 1 and ArkType 2 have them; got ${show(schema)}.`,
  );
}

function checkedSignal(signal: unknown): AbortSignal {
  const { aborted, addEventListener } = (signal ?? {}) as Partial<AbortSignal>;
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return signal as AbortSignal;
  throw invalidArgument(`signal is an AbortSignal; got ${show(signal)}.`);
}

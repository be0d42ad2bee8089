import type { LoadOptions } from '../core/call-options.js';
import type { EntryExtras } from '../core/entry-extras.js';
import { invalidArgument, show } from '../core/errors.js';
import type { StandardSchema } from '../core/standard-schema.js';
import { readTags } from '../core/tags.js';
import { ttlMilliseconds } from '../core/ttl.js';

/** {@link LoadOptions} beyond ttl and version, checked, in milliseconds. `Infinity` for ever. */
export interface LoadTerms {
  readonly jitter: number;
  /** `undefined`: a `null` lives as long as any other value. */
  readonly negativeTtl: number | undefined;
  readonly schema: StandardSchema | undefined;
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly staleWhileRevalidate: number;
  readonly staleIfError: number;
  readonly staleTimeout: number;
  readonly earlyRefresh: number;
  readonly lockTimeout: number;
  readonly tags: readonly string[];
  /** Whether more of an entry has to be known than its value: how old it is, also where it is stale. */
  readonly recalls: boolean;
}

/** What holds where nothing is asked for: one object, so that a plain call makes none. */
export const PLAIN: LoadTerms = {
  jitter: 0,
  negativeTtl: undefined,
  schema: undefined,
  timeout: Number.POSITIVE_INFINITY,
  signal: undefined,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  staleTimeout: Number.POSITIVE_INFINITY,
  earlyRefresh: 0,
  lockTimeout: 5000,
  tags: [],
  recalls: false,
};

/** What a timer takes: the next millisecond would be one of no length at all. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** @throws TypeError naming the option at fault. */
export function readLoadTerms(options: unknown): LoadTerms {
  if (typeof options !== 'object' || options === null) return PLAIN;
  for (const name in options) {
    if (name !== 'ttl' && name !== 'version' && (options as Record<string, unknown>)[name] !== undefined) {
      return readSpecialTerms(options);
    }
  }
  return PLAIN;
}

function readSpecialTerms(options: LoadOptions): LoadTerms {
  const { jitter, negativeTtl, schema, timeout, signal, lockTimeout, tags } = options;
  const staleWhileRevalidate = readTime('staleWhileRevalidate', options.staleWhileRevalidate, 0);
  const staleIfError = readTime('staleIfError', options.staleIfError, 0);
  const staleTimeout = readTimeout('staleTimeout', options.staleTimeout, 0);
  if (staleTimeout !== PLAIN.staleTimeout && staleIfError === 0) {
    throw invalidArgument('staleTimeout serves what staleIfError allows to: name both, or neither.');
  }
  const earlyRefresh = readEagerness(options.earlyRefresh);
  return {
    jitter: readJitter(jitter),
    negativeTtl: negativeTtl === undefined ? undefined : milliseconds('negativeTtl', negativeTtl),
    schema: schema === undefined ? undefined : checkedSchema(schema),
    timeout: readTimeout('timeout', timeout, Number.MIN_VALUE),
    signal: signal === undefined ? undefined : checkedSignal(signal),
    staleWhileRevalidate,
    staleIfError,
    staleTimeout,
    earlyRefresh,
    lockTimeout: readTime('lockTimeout', lockTimeout, PLAIN.lockTimeout),
    tags: readTags(tags),
    recalls: staleWhileRevalidate > 0 || staleIfError > 0 || earlyRefresh > 0,
  };
}

/** The milliseconds that an entry lives of which the factory made `made`. @param chosen by the factory. */
export function ttlOf(made: unknown, ttl: number, { jitter, negativeTtl }: LoadTerms, chosen?: number): number {
  const longest = chosen ?? (made === null && negativeTtl !== undefined ? negativeTtl : ttl);
  if (jitter === 0 || longest <= 1 || longest === Number.POSITIVE_INFINITY) return longest;
  const shortest = Math.max(1, longest - jitter);
  return longest - Math.random() * (longest - shortest);
}

/** What an entry is stored with that a call of these terms has loaded. */
export function extrasOf(terms: LoadTerms, loadTime: number, tags = terms.tags): EntryExtras | undefined {
  const staleFor = Math.max(terms.staleWhileRevalidate, terms.staleIfError);
  return staleFor === 0 && loadTime === 0 && tags.length === 0 ? undefined : { staleFor, loadTime, tags };
}

function readJitter(jitter: unknown): number {
  if (jitter === undefined) return PLAIN.jitter;
  const most = milliseconds('jitter', jitter);
  if (most >= 0 && most < Number.POSITIVE_INFINITY) return most;
  throw invalidArgument(`jitter is a time of 0 or more, such as '30s'; got ${show(jitter)}.`);
}

function readTime(name: string, time: unknown, none: number): number {
  if (time === undefined) return none;
  const read = milliseconds(name, time);
  if (read >= 0) return read;
  throw invalidArgument(`${name} is a time of 0 or more, such as '30s', or null for ever; got ${show(time)}.`);
}

function readTimeout(name: string, timeout: unknown, least: number): number {
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  const most = milliseconds(name, timeout);
  if (most >= least && (most <= LONGEST_TIMEOUT || most === Number.POSITIVE_INFINITY)) return most;
  const bound = least === 0 ? '0 or more' : 'more than 0';
  throw invalidArgument(`${name} is ${bound} and at most 24 days, or null for none; got ${show(timeout)}.`);
}

function readEagerness(earlyRefresh: unknown): number {
  if (earlyRefresh === undefined) return PLAIN.earlyRefresh;
  if (typeof earlyRefresh === 'number' && earlyRefresh >= 0 && earlyRefresh <= 1) return earlyRefresh;
  throw invalidArgument(`earlyRefresh is a number from 0 to 1; got ${show(earlyRefresh)}.`);
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

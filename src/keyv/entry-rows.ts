import { type EntryExtras, hasExtras } from '../core/entry-extras.js';
import { storedStaleFor } from '../encoding/envelope.js';
import { type ExtraValue, extraText } from './extra-value.js';
import type { Row } from './keyv-instance.js';

/** An entry as it was read. */
export interface Found {
  /** As the entry would be stored without extras. */
  readonly stored: unknown;
  /** When it expires: in the past where it is stale. */
  readonly expires: number;
  readonly extra: ExtraValue | undefined;
}

/** What is to stand in a row. */
export interface Content {
  readonly value: unknown;
  readonly expires: number;
}

export function foundIn(row: Row, extra: ExtraValue | undefined): Found {
  if (extra === undefined) return { stored: row.value, expires: endOf(row), extra };
  return { stored: extra.value, expires: extra.expires ?? Number.POSITIVE_INFINITY, extra };
}

/** @param expires when the entry does; what is over by then is not kept as stale. */
export function contentOf(
  stored: unknown,
  expires: number,
  extras: EntryExtras | undefined,
  versions: readonly string[],
): Content {
  if (!hasExtras(extras) || expires <= Date.now()) return { value: stored, expires };
  const { staleFor, loadTime, tags } = extras;
  const value = extraText({ expires, staleFor, loadTime, tags, versions, value: stored });
  return { value, expires: expires + storedStaleFor(staleFor) };
}

/** What was found, with another value or end. */
export function contentAgain({ extra }: Found, stored: unknown, expires: number): Content {
  return contentOf(stored, expires, extra, extra?.versions ?? []);
}

export function isExpired(row: Row | undefined, now: number): boolean {
  return row !== undefined && endOf(row) <= now;
}

function endOf(row: Row): number {
  return typeof row.expires === 'number' ? row.expires : Number.POSITIVE_INFINITY;
}

import type { EntryExtras } from '../core/entry-extras.js';
import { storedStaleFor } from '../encoding/envelope.js';
import { MARK } from './stored-value.js';

/** What a row holds of an entry with extras. The row itself lives until the entry may be stale no more. */
export interface ExtraValue extends EntryExtras {
  /** When it expires, in milliseconds since the Unix epoch; null for never. */
  readonly expires: number | null;
  /** Of each tag. */
  readonly versions: readonly string[];
  /** The value as it would be stored without extras. */
  readonly value: unknown;
}

/** Base64 has no such sign. */
const START = `${MARK}{`;

/** A text, which any serializer carries. */
export function extraText(extra: ExtraValue): string {
  const expires = extra.expires === Number.POSITIVE_INFINITY ? null : extra.expires;
  return `${MARK}${JSON.stringify({ ...extra, expires, staleFor: storedStaleFor(extra.staleFor) })}`;
}

/** `undefined` for what is stored without extras. */
export function readExtraText(stored: unknown): ExtraValue | undefined {
  if (typeof stored !== 'string' || !stored.startsWith(START)) return undefined;
  try {
    const extra = JSON.parse(stored.slice(MARK.length)) as ExtraValue;
    return isExtraValue(extra) ? extra : undefined;
  } catch {
    return undefined;
  }
}

function isExtraValue({ expires, staleFor, loadTime, tags, versions, value }: ExtraValue): boolean {
  return (
    (expires === null || typeof expires === 'number') &&
    typeof staleFor === 'number' &&
    typeof loadTime === 'number' &&
    areTexts(tags) &&
    areTexts(versions) &&
    tags.length === versions.length &&
    value !== undefined
  );
}

function areTexts(list: unknown): list is string[] {
  return Array.isArray(list) && list.every((text) => typeof text === 'string');
}

import type { Item } from './exchange.js';
import { remainingTtl } from './expiry.js';
import type { ExtraEntry } from './extra-bytes.js';

/** What stands at an entry's key, as it was when it was read: a server hands out what is over, too. */
export interface Found {
  readonly item: Item;
  /** `undefined` where it was stored without extras. */
  readonly extra: ExtraEntry | undefined;
  /** The sealed value. */
  readonly sealed: Buffer;
  /** Milliseconds until it expires, 0 or less if it has; `undefined` where another program has written it. */
  readonly left: number | undefined;
  readonly isLive: boolean;
  /** Whether it is live or stale. */
  readonly isThere: boolean;
}

/** @param isDead whether a tag of it was deleted: it is over, and more than that. */
export function foundOf(item: Item, extra: ExtraEntry | undefined, isDead: boolean, now: number): Found {
  const left = extra === undefined ? remainingTtl(item.flags, now) : extra.expires - now;
  const staleFor = extra?.envelope.staleFor ?? 0;
  return {
    item,
    extra,
    sealed: extra?.sealed ?? item.bytes,
    left,
    isLive: !isDead && (left === undefined || left > 0),
    isThere: !isDead && (left === undefined || left + staleFor > 0),
  };
}

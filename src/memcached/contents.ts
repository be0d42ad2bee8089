import { type Clock, systemClock } from '../core/clock.js';
import { type EntryExtras, hasExtras } from '../core/entry-extras.js';
import { storedStaleFor } from '../encoding/envelope.js';
import type { Content } from './commands.js';
import { expiryFlags, foreignFlags, serverTtl } from './expiry.js';
import { extraBytes, withExpiry, withStaleFor } from './extra-bytes.js';
import type { Found } from './found.js';

/** What is to stand at an entry's key: its value, and when it is over, for us to the millisecond, for the server in seconds. */
export class Contents {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of a new entry. @param versions of its tags, in their order. */
  of(sealed: unknown, ttl: number, extras?: EntryExtras, versions: readonly Buffer[] = []): Content {
    const now = this.#clock.now();
    if (hasExtras(extras)) {
      const bytes = extraBytes(extras, versions, now + ttl, sealed as string | Buffer);
      return this.#extra(bytes, ttl + storedStaleFor(extras.staleFor));
    }
    return { bytes: sealed as string | Buffer, flags: expiryFlags(ttl, now), seconds: secondsFor(ttl, this.#clock) };
  }

  /** The entry with another ttl. */
  prolonged({ item, extra }: Found, ttl: number): Content {
    if (extra === undefined) return this.#plain(item.bytes, item.flags, ttl);
    return this.#extra(withExpiry(extra, this.#clock.now() + ttl), ttl + extra.envelope.staleFor);
  }

  /** The entry with another ttl and time to be stale. */
  renewed({ item, extra, sealed }: Found, ttl: number, staleFor: number): Content {
    const stale = storedStaleFor(staleFor);
    if (extra === undefined && stale === 0) return this.#plain(sealed, item.flags, ttl);
    return this.#extra(withStaleFor(extra, item.bytes, this.#clock.now() + ttl, stale), ttl + stale);
  }

  /** What other clients note of the value stays. */
  #plain(sealed: Buffer, flags: number, ttl: number): Content {
    const content = this.of(sealed, ttl);
    return { ...content, flags: content.flags + foreignFlags(flags) };
  }

  /** @param ttl until the server may forget it. */
  #extra(bytes: Buffer, ttl: number): Content {
    return { bytes, flags: 0, seconds: secondsFor(ttl, this.#clock) };
  }
}

/** A ttl as the server takes it. By another clock than the machine's it knows nothing: it keeps all. */
export function secondsFor(ttl: number, clock: Clock): number {
  return clock === systemClock ? serverTtl(ttl, Date.now()) : 0;
}

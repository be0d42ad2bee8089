/**
 * When an entry expires, to the millisecond, although memcached counts whole seconds: it stands in the entry's flags,
 * 32 bits that memcached keeps for its clients and that `incr` leaves alone. The server's own ttl, rounded up, only takes
 * away what is over.
 *
 * The two highest bits say in which unit the moment is counted, the next 22 are the count, modulo 2²². The lowest 8 stay
 * as they are, 0 in what is written here: there other clients note a value's type, which for them is then text.
 */
interface Scale {
  /** Milliseconds. */
  readonly unit: number;
  /** The longest ttl that is counted so. */
  readonly longest: number;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const YEAR = 365 * DAY;

/** By the two bits. 00: no moment of ours; the server alone knows. */
const SCALES: readonly (Scale | undefined)[] = [
  undefined,
  { unit: 1, longest: 30 * MINUTE },
  { unit: 100, longest: 2 * DAY },
  { unit: MINUTE, longest: 5 * YEAR },
];
const COUNTS = 2 ** 22;
const COUNT_BIT = 2 ** 8;
const SCALE_BIT = 2 ** 30;
/** Instead of a count: never, or in more than five years. */
const NEVER = 3 * SCALE_BIT + (COUNTS - 1) * COUNT_BIT;

/** The flags of an entry that expires `ttl` milliseconds from `now`, or up to one unit before that. */
export function expiryFlags(ttl: number, now: number): number {
  const code = SCALES.findIndex((scale) => scale !== undefined && ttl <= scale.longest);
  if (code < 0) return NEVER;
  const count = Math.floor((now + ttl) / SCALES[code]!.unit) % COUNTS;
  const flags = code * SCALE_BIT + count * COUNT_BIT;
  return flags === NEVER ? flags - COUNT_BIT : flags;
}

/** Milliseconds that an entry has left, 0 or less if it is over; `undefined` where the server alone knows. */
export function remainingTtl(flags: number, now: number): number | undefined {
  const own = flags - (flags % COUNT_BIT);
  if (own === NEVER) return Number.POSITIVE_INFINITY;
  const scale = SCALES[Math.floor(own / SCALE_BIT)];
  if (scale === undefined) return undefined;
  const range = scale.unit * COUNTS;
  const moment = ((own % SCALE_BIT) / COUNT_BIT) * scale.unit;
  const ahead = (((moment - now) % range) + range) % range;
  // Further ahead than any is written: it is behind. The server lets nothing live long enough to come round again.
  return ahead > (range + scale.longest) / 2 ? ahead - range : ahead;
}

/** Other clients' part of the flags. */
export function foreignFlags(flags: number): number {
  return flags % COUNT_BIT;
}

/** memcached reads more seconds than these as a moment since 1970. */
const LONGEST_RELATIVE = 30 * 24 * 60 * 60;
const LAST_MOMENT = 2 ** 31 - 1;

/**
 * A ttl as memcached takes it: in seconds, rounded up, and one more, since its seconds begin when they like. 0: never.
 *
 * @param now the machine's time, in milliseconds: beyond 30 days the server is told a moment.
 */
export function serverTtl(ttl: number, now: number): number {
  const seconds = Math.ceil(ttl / 1000) + 1;
  if (seconds <= LONGEST_RELATIVE) return seconds;
  const moment = Math.ceil(now / 1000) + seconds;
  return moment > LAST_MOMENT ? 0 : moment;
}

/** How long the parts of the demonstration take, in milliseconds. */
export interface Schedule {
  readonly compare: number;
  readonly kill: number;
  /** For the first requests after the restart. */
  readonly first: number;
  /** Without Redis, and as long with it again. */
  readonly outage: number;
}

const LONGEST: Schedule = { compare: 20_000, kill: 5000, first: 6000, outage: 2500 };
/** Less than this would say nothing; a run may take a little longer for it. */
const SHORTEST: Schedule = { compare: 800, kill: 400, first: 400, outage: 300 };
/** Of the time that there is. */
const SHARES: Schedule = { compare: 0.5, kill: 0.15, first: 0.2, outage: 0.075 };
const MOST_REQUESTS = 200;
const FEWEST_REQUESTS = 24;

/** Divides the time that is left for the load; `Infinity` where there is no end to it. */
export function scheduleOf(left: number): Schedule {
  const time = (part: keyof Schedule) => Math.min(LONGEST[part], Math.max(SHORTEST[part], left * SHARES[part]));
  return { compare: time('compare'), kill: time('kill'), first: time('first'), outage: time('outage') };
}

/** How many requests each of so many modes can be sent after the restart, where none of them might be a hit. */
export function firstRequests(time: number, missesPerSecond: number, modes: number): number {
  const possible = Math.floor(((time / 1000) * missesPerSecond) / modes);
  return Math.min(MOST_REQUESTS, Math.max(FEWEST_REQUESTS, possible));
}

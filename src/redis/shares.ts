import { type Gathered, gather } from '../core/partly-unavailable.js';

/** So many entries of one call are on their way at once: a connection bears a hundred thousand, of all who ask. */
const AT_ONCE = 10_000;

/** All, in parts that may be on their way at once. */
export function* sharesOf<T>(all: readonly T[]): Iterable<readonly T[]> {
  if (all.length <= AT_ONCE) yield all;
  else for (let from = 0; from < all.length; from += AT_ONCE) yield all.slice(from, from + AT_ONCE);
}

/** Asks for each by itself, a share at a time. */
export async function inShares<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<Gathered<R>> {
  const shares: Gathered<R>[] = [];
  for (const share of sharesOf(all)) shares.push(await gather(share, ask));
  return {
    answers: shares.flatMap(({ answers }) => answers),
    failure: shares.find(({ failure }) => failure !== undefined)?.failure,
  };
}

/** What the members of a fleet and the test that started them agree on. */
import { type Cache, MemcachedCache, RedisCache, SharedCache } from 'locmem';

export type Backend = 'shared' | 'redis' | 'memcached';

/** The one key that all ask for, and the tag that its entry has. */
export const KEY = 'key';
export const TAG = 'fleet';

/** What a caller was told. */
export type Answer = { readonly value: unknown } | { readonly error: string };

/** What a member says: that it is there, that its calls are on their way, that its factory waits, what it was told. */
export type Said = 'ready' | 'asked' | 'waiting' | readonly Answer[];

/** What the factory does in a round. */
export interface Plan {
  /** How many runs fail before one succeeds. */
  readonly failures: number;
  /** Milliseconds that each takes; at 0 it returns at once, no promise. */
  readonly takes: number;
  /** Whether the first run goes on only when it is told to: when all have asked. */
  readonly isHeld: boolean;
}

export function planOf(round: number): Plan {
  const some = round % 7;
  const plans: readonly Plan[] = [
    { failures: 0, takes: 0, isHeld: false },
    { failures: 0, takes: 1 + some, isHeld: false },
    { failures: 0, takes: 0, isHeld: true },
    { failures: 1 + (some % 3), takes: 0, isHeld: false },
    { failures: 1, takes: some, isHeld: true },
  ];
  return plans[round % plans.length]!;
}

/** What the run with this number makes in a round, or fails with. */
export function madeBy(member: number, round: number, run: number): Answer {
  return run < planOf(round).failures
    ? { error: `Run ${run} of round ${round} fails, in process ${member}.` }
    : { value: { round, run, member } };
}

export function openCache(backend: Backend, where: string): Cache {
  switch (backend) {
    case 'shared':
      return new SharedCache({ location: where, maxBytes: '1mb', ttl: null });
    case 'redis':
      return new RedisCache({ url: where, commandTimeout: '1m', ttl: null });
    case 'memcached':
      return new MemcachedCache({ url: where, commandTimeout: '1m', ttl: null });
  }
}

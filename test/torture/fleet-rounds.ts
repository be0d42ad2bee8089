/** What the members of a fleet and the test that started them agree on. */
import { type Cache, MemcachedCache, RedisCache, SharedCache } from 'locmem';

export type Backend = 'shared' | 'redis' | 'memcached';

/** The one key that all ask for, and the tag that its entry has in some rounds. */
export const KEY = 'key';
export const TAG = 'fleet';

/** What a member was told. */
export type Answer = { readonly value: unknown } | { readonly error: string };

/** What a member says: that it is there, that its question is on its way, that its factory waits, what it was told. */
export type Said = 'ready' | 'asked' | 'waiting' | Answer;

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
  const some = 1 + (round % 5);
  switch (round % 8) {
    case 1:
    case 5:
      return { failures: 0, takes: some, isHeld: false };
    case 2:
      return { failures: 0, takes: 0, isHeld: true };
    case 3:
      return { failures: 1 + (round % 3), takes: 0, isHeld: false };
    case 6:
      return { failures: 1, takes: some, isHeld: true };
    default:
      return { failures: 0, takes: 0, isHeld: false };
  }
}

/** Whether the entry of a round has the tag, which is deleted for it to go; others are deleted themselves. */
export function isTagged(round: number): boolean {
  return round % 3 === 1;
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

import { LruPolicy } from '../locmem/lru.js';
import { TinyLfuPolicy } from '../locmem/tinylfu.js';
import { optimalHitRatio } from './optimal.js';
import { replay, type Trace } from './replay.js';
import { s3FifoHitRatio } from './s3-fifo.js';
import { sharedHitRatio } from './shared-segment.js';
import { SievePolicy } from './sieve.js';
import { WTinyLfuPolicy } from './w-tinylfu.js';

/** The hit ratio in percent of a cache of `size` entries over a trace; `seed` chooses the hash function. */
export type HitRatio = (trace: Trace, size: number, seed: number) => number;

/** `lru` and `tinylfu` are the shipped classes, `shared` is a SharedCache with values of one size; `opt` is the bound that no policy can pass. */
export const policies: Readonly<Record<string, HitRatio>> = {
  tinylfu: (trace, size, seed) => replay(trace, size, new TinyLfuPolicy(), seed),
  shared: sharedHitRatio,
  lru: (trace, size) => replay(trace, size, new LruPolicy()),
  sieve: (trace, size) => replay(trace, size, new SievePolicy()),
  's3-fifo': s3FifoHitRatio,
  'w-tinylfu': (trace, size, seed) => replay(trace, size, new WTinyLfuPolicy(size), seed),
  opt: optimalHitRatio,
};

/** The bound, which is left out where policies are compared with each other. */
export const BOUND = 'opt';

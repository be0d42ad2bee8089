/**
 * What a cache has done since its store was made. What a backend cannot know is `undefined`.
 *
 * `get` and each key of `getMany` count as a hit or a miss, `getOrSet` as one of them (and as a set when it stores);
 * `has` as neither. An `add` that stored nothing and a `delete` of nothing do not count.
 */
export interface CacheStats {
  hits: number | undefined;
  misses: number | undefined;
  sets: number | undefined;
  /** Entries deleted by their keys. How many `deleteTag` or `clear` removed is not counted. */
  deletes: number | undefined;
  /** Live entries that had to go because the store was full. */
  evictions: number | undefined;
  /** Entries that were removed because their time was over, that to be stale, too. */
  expirations: number | undefined;
  /** Entries alive now. */
  entries: number | undefined;
  /** The size of the live entries and of those that may be served stale, where the cache measures it. */
  bytes: number | undefined;
  /** `SharedCache`: how often a part of the segment made no sense and was emptied. Absent while that never happened. */
  resets?: number;
  /** Values that were read and refused by a call's `schema`, through this cache. Absent while that never happened. */
  invalid?: number;
  /** Servers: calls that got no answer in time, whether they rejected or, with `failOpen`, went on without. */
  errors?: number;
}

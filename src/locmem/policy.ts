/** The eviction policies that a cache may choose by name. */
export const POLICY_NAMES = ['lru', 'tinylfu'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/**
 * What a store asks of its eviction policy. A policy knows slots (small integers from 1 up, handed out by the store)
 * and nothing of keys, values or time, so that the simulator can drive the shipped code over bare traces.
 */
export interface EvictionPolicy {
  /** Whether `insert` needs the key's hash; where it is `false`, the store passes 0 and saves itself the hashing. */
  readonly usesHash: boolean;

  /** Makes room for slots 1 to `slots`. Called before the first `insert` of a slot that high; never shrinks. */
  reserve(slots: number): void;

  /** A new entry moved into `slot`. `hash` is the key's 32-bit hash, the same whenever the key comes back. */
  insert(slot: number, hash: number): void;

  /** The entry in `slot` was used. The hot path of every cache hit: no allocation, no hashing. */
  hit(slot: number): void;

  /** Chooses the entry that must go, forgets it, and returns its slot. Called only while there is one. */
  evict(): number;

  /** The entry in `slot` left for another reason: deleted or expired. */
  remove(slot: number): void;

  /** Every entry left at once. */
  clear(): void;
}

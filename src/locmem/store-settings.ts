import type { PolicyName } from './policy.js';

/** What a reader may do with a value: `'copy'` anything, `'frozen'` read it, `'reference'` as with the stored object. */
export type ValuesMode = 'copy' | 'frozen' | 'reference';

/** What all caches of one location must agree on. */
export interface StoreSettings {
  readonly maxEntries: number;
  readonly cullFrequency: number | undefined;
  readonly policy: PolicyName;
  readonly maxSize: number | undefined;
  /** Whether entries are measured: there is a `maxSize` or a `sizeOf`. */
  readonly sizeOf: boolean;
  readonly values: ValuesMode;
}

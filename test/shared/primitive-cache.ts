import { SharedCache } from 'locmem';
import type { EntryExtras, Lease, Recalled } from '#dist/core/entry-extras.js';

const NONE: EntryExtras = { staleFor: 0, loadTime: 0, tags: [] };

/** A SharedCache whose primitives can be called: what loading is made of, and nothing of when it is done. */
export class PrimitiveCache extends SharedCache {
  store(key: string, value: unknown, ttl: number, extras: Partial<EntryExtras> = {}): void {
    this.write(key, this.sealed(value), ttl, 1, { ...NONE, ...extras });
  }

  storeNew(key: string, value: unknown, ttl: number, extras: Partial<EntryExtras> = {}): boolean {
    return this.writeNew(key, this.sealed(value), ttl, 1, { ...NONE, ...extras });
  }

  recallSync(key: string, version = 1): Recalled | undefined {
    return this.recall(key, version);
  }

  renewSync(key: string, ttl: number, staleFor: number): boolean {
    return this.renew(key, ttl, staleFor, 1);
  }

  removeTagsSync(...tags: string[]): void {
    this.removeTags(tags);
  }

  lease(key: string): Lease | null | undefined {
    return this.takeLease(key, 1);
  }
}

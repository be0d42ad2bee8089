import type { SyncPeer } from '../contract.js';

/** Not a cache: no bound, no expiry. What any cache written in JavaScript is measured against. */
export const map: SyncPeer = {
  name: 'Map',
  package: null,
  setting: 'new Map(): the floor, not a cache (no eviction, no ttl; emptied between rounds where keys are new)',
  ttl: { on: false, off: true },
  evicts: false,
  async open() {
    const entries = new Map<string, unknown>();
    return {
      get: (key) => entries.get(key),
      set: (key, value) => entries.set(key, value),
      reset: () => entries.clear(),
    };
  },
};

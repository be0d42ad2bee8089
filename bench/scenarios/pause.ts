import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import type { Scenario, SyncStore } from '../contract.js';
import { heldPeers, syncPeers, ttlTables } from '../peers/roster.js';
import { keyOf, randomFrom } from '../workload.js';
import { entriesColumn } from './memory.js';
import { openStore } from './open.js';

/** Each turn: so many gets of keys that were there, and so many sets of new ones. About a third of a core. */
const BATCH = 200;
const TURN_MS = 1;
const WARM_TURNS = 20;

/** How long the process does not answer while it holds a large cache and works at it steadily. */
export const pause: Scenario = {
  name: 'pause',
  about:
    'The longest time that the event loop stood still while the cache was full and each millisecond brought ' +
    `${BATCH} gets and ${BATCH} sets of new keys: the worst of all rounds; in brackets the longest garbage collection.`,
  unit: 'ms',
  combine: 'max',
  rounds: 5,
  tables: ttlTables([...syncPeers, ...heldPeers].filter((peer) => peer.evicts)),
  columns: (effort) => effort.heldEntries.slice(-1).map(entriesColumn),
  async prepare(cell, effort, { folder }) {
    const entries = effort.heldEntries.at(-1) as number;
    const store = await openStore(cell, entries, folder);
    for (let id = 0; id < entries; id++) store.set(keyOf(id), id);
    const turn = churn(store, entries);
    for (let warm = 0; warm < WARM_TURNS; warm++) turn();
    return async () => {
      const delay = monitorEventLoopDelay({ resolution: TURN_MS });
      const collections = watchCollections();
      delay.enable();
      const timer = setInterval(turn, TURN_MS);
      await new Promise((resolve) => setTimeout(resolve, effort.pauseMs));
      clearInterval(timer);
      delay.disable();
      const collected = await collections.stop();
      return { value: delay.max / 1e6, note: `${collected.toFixed(1)} ms` };
    };
  },
};

function churn(store: SyncStore, entries: number): () => void {
  const random = randomFrom(entries);
  let next = entries;
  return () => {
    for (let i = 0; i < BATCH; i++) {
      const id = next - 1 - Math.floor(random() * entries);
      const value = store.get(keyOf(id));
      if (value !== undefined && value !== id) throw new Error(`wrong answers: key ${id} reads as ${String(value)}`);
      store.set(keyOf(next), next);
      next++;
    }
  };
}

function watchCollections(): { stop(): Promise<number> } {
  let longest = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) longest = Math.max(longest, entry.duration);
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    async stop() {
      await new Promise((resolve) => setTimeout(resolve, 20));
      observer.disconnect();
      return longest;
    },
  };
}

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Scenario } from '../contract.js';
import { heldPeers, syncPeers, ttlTables } from '../peers/roster.js';
import { keyOf } from '../workload.js';
import { openStore } from './open.js';

export function entriesColumn(entries: number): string {
  return `${entries.toLocaleString('en-US')} entries`;
}

/** Bytes per entry, key string included: what the heap and the buffers grow by, garbage collected before and after. */
export const memory: Scenario = {
  name: 'memory',
  about:
    'Bytes per entry, the key string included; the value is a small integer and takes no room of its own. ' +
    'Each in a process of its own: heap and external memory (typed arrays) after a full collection, less before. In ' +
    'brackets what a shared segment takes beside, once for all processes: the size that the file was given.',
  unit: 'bytes',
  combine: 'median',
  rounds: 1,
  tables: ttlTables([...syncPeers, ...heldPeers]),
  columns: (effort) => effort.heldEntries.map(entriesColumn),
  async prepare(cell, effort, { folder }) {
    const entries = effort.heldEntries.find((count) => entriesColumn(count) === cell.column) as number;
    // A small store first: code and modules are loaded and counted before.
    const small = await openStore(cell, 100, folder);
    for (let id = 0; id < 10_000; id++) small.set(keyOf(id), id);
    small.reset?.();
    return async () => {
      const before = memoryInUse();
      const filesBefore = bytesIn(folder);
      const store = await openStore(cell, entries, folder);
      for (let id = 0; id < entries; id++) store.set(keyOf(id), id);
      // A mapped file counts as external memory of each process, and is in memory once.
      const fileBytes = bytesIn(folder) - filesBefore;
      const value = (memoryInUse() - before - fileBytes) / entries;
      for (let id = 0; id < entries; id++) {
        if (store.get(keyOf(id)) !== id) throw new Error(`wrong answers: key ${id} of ${entries} is not there`);
      }
      return fileBytes === 0 ? { value } : { value, note: `${(fileBytes / entries).toFixed(0)} shared` };
    };
  },
};

/** `external` includes `arrayBuffers`: to add both would count typed arrays twice. */
function memoryInUse(): number {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('memory is measured with --expose-gc');
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figure, Scenario } from '../contract.js';
import { freeBytes } from '../grounds.js';
import { keyOf } from '../workload.js';
import { LONG } from './shared-values.js';

const NEWCOMER = fileURLToPath(new URL('../newcomer.js', import.meta.url));

const SEGMENT_BYTES = 2 ** 30;
const ROOM = SEGMENT_BYTES * 1.1;
/** 10 KB each: about half of the segment. */
const ENTRIES = 50_000;

export const ATTACH = 'a process that has koffi loaded';
const ATTACH_COLD = 'with the loading of koffi';
export const COLUMN = '1 GiB';

export const sharedAttach: Scenario = {
  name: 'shared-attach',
  about:
    'A fresh process opens a segment of 1 GiB that is there, half full, and reads an entry: from `new SharedCache` to the ' +
    'first hit, without the start of Node and the import of the package. The package loads koffi, which calls the ' +
    'operating system, when the first SharedCache of the process is made.',
  unit: 'ms',
  combine: 'median',
  processes: 1,
  tables: [{ name: 'attach', contenders: [ATTACH, ATTACH_COLD], base: ATTACH }],
  columns: () => [COLUMN],
  async prepare({ contender }, _, { folder }) {
    if (freeBytes(folder) < ROOM) return async () => ({ value: Number.NaN, note: 'no room for 1 GiB there' });
    const location = join(folder, 'segment');
    const { SharedCache } = await import('locmem');
    const cache = new SharedCache({ location, maxBytes: SEGMENT_BYTES, ttl: null });
    for (let id = 0; id < ENTRIES; id++) cache.setSync(keyOf(id), LONG.make(id));
    cache.closeSync();
    return async (): Promise<Figure> => {
      const id = Math.floor(Math.random() * ENTRIES);
      const isCold = contender === ATTACH_COLD ? 'cold' : 'warm';
      const child = fork(NEWCOMER, [location, `${SEGMENT_BYTES}`, keyOf(id), isCold], { execArgv: [] });
      const [{ milliseconds, value }] = (await once(child, 'message')) as [{ milliseconds: number; value: unknown }];
      if (value !== LONG.make(id)) throw new Error(`wrong answers: the first hit reads as ${String(value)}`);
      return { value: milliseconds };
    };
  },
};

import type { Scenario } from '../contract.js';
import { asyncPeers, LOCMEM, peerNamed } from '../peers/roster.js';
import { onCold, SlowFactory } from '../stampede.js';
import { CAPACITY, TTL } from '../workload.js';

export const TABLE = 'one process';
export const CALLERS = 10_000;
export const COLUMN = `${CALLERS.toLocaleString('en-US')} callers`;
export const FACTORY_MS = 10;
/** How stampedes are measured. Each takes as long as the slowest contender needs: half a second and more. */
export const ROUNDS = { unit: 'ms', combine: 'median', rounds: 7, processes: 1 } as const;
const WARM_UPS = 3;
const MEGABYTE = 2 ** 20;

export const stampede: Scenario = {
  name: 'stampede',
  about:
    `${COLUMN} ask for one key at once that is not there (\`getOrSet\`, \`wrap\`, \`cachified\`, a defined function), whose ` +
    `factory needs ${FACTORY_MS} ms on a timer: from the first call to the last answer, an object of ten fields. In ` +
    'brackets how often the factory ran, and what the heap held of them all when it ended, without their answers.',
  ...ROUNDS,
  tables: [
    {
      name: TABLE,
      contenders: asyncPeers.filter(({ offers }) => offers.getOrSet).map(({ name }) => name),
      base: LOCMEM,
    },
  ],
  columns: () => [COLUMN],
  async prepare({ contender }, _, { folder }) {
    const factory = new SlowFactory(FACTORY_MS);
    const store = await peerNamed(asyncPeers, contender).open({
      capacity: CAPACITY,
      ttl: TTL,
      isolation: 'copy',
      folder,
      load: () => factory.run(),
    });
    const { getOrSet } = store;
    if (getOrSet === undefined) throw new Error(`${contender} does not offer this call`);
    let stampedes = 0;
    const next = () => onCold(getOrSet, `cold:${stampedes++}`, CALLERS);
    await warmUp(next);
    return async () => {
      factory.runs = 0;
      const { begun, ended } = await next();
      const { runs } = factory;
      const before = bytesHeld();
      let held = 0;
      factory.onFirstEnd = () => {
        held = bytesHeld() - before;
      };
      await next();
      return { value: ended - begun, runs, note: `${(held / MEGABYTE).toFixed(1)} MiB` };
    };
  },
};

export async function warmUp(round: () => Promise<unknown>): Promise<void> {
  for (let warm = 0; warm < WARM_UPS; warm++) await round();
}

function bytesHeld(): number {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('what the heap holds is measured with --expose-gc');
  collect();
  return process.memoryUsage().heapUsed;
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerOptions } from './contract.js';
import { loaderPeers, peerNamed } from './peers/roster.js';
import { clock, onCold, SlowFactory, type Stampede } from './stampede.js';

/** What one of several processes opens, and how long the factory of each takes. */
export interface StampedeMember {
  readonly peer: string;
  readonly options: Omit<ServerOptions, 'load'>;
  readonly factoryMs: number;
}

/** Which key is to be asked for, by how many callers, and when: milliseconds of the clock of all processes. */
export interface StampedeTask {
  readonly key: string;
  readonly callers: number;
  readonly at: number;
}

/** When it was here, and how often the factory ran here. */
export interface StampedeOutcome extends Stampede {
  readonly runs: number;
}

const { peer, options, factoryMs, index } = JSON.parse(process.argv[2] ?? '') as StampedeMember & { index: number };
const factory = new SlowFactory(factoryMs);

/** Nobody may be there any more who listens. */
function send(message: object): void {
  process.send?.(message, undefined, undefined, (error) => error !== null && process.exit());
}

function fail(error: unknown): void {
  send({ error: error instanceof Error ? error.message : String(error) });
}

async function serve(): Promise<void> {
  const { getOrSet } = await peerNamed(loaderPeers, peer).open({ ...options, load: () => factory.run() });
  if (getOrSet === undefined) throw new Error(`${peer} does not offer this call`);
  const run = async ({ key, callers, at }: StampedeTask): Promise<StampedeOutcome> => {
    factory.runs = 0;
    await sleep(Math.max(0, at - clock()));
    const stampede = await onCold(getOrSet, key, callers);
    return { ...stampede, runs: factory.runs };
  };
  process.on('message', (task) => {
    run(task as StampedeTask).then((report) => send({ report }), fail);
  });
  const report = await run({ key: `warm:${index}`, callers: 1, at: clock() });
  send({ report });
}

process.on('disconnect', () => process.exit());
serve().catch(fail);

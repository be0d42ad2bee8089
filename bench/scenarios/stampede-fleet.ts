import { basename } from 'node:path';
import type { Scenario } from '../contract.js';
import { Fleet } from '../fleet.js';
import { loaderPeers, takesPart } from '../peers/roster.js';
import { sharedAlone } from '../peers/tiered-cache.js';
import { clock } from '../stampede.js';
import type { StampedeMember, StampedeOutcome, StampedeTask } from '../stampede-member.js';
import { optionsFor } from './shared-calls.js';
import { processesColumn } from './shared-processes.js';
import { OBJECT } from './shared-values.js';
import { CALLERS, FACTORY_MS, ROUNDS, warmUp } from './stampede.js';

export const TABLE = 'several processes';
/** In a full run. */
export const COLUMN = processesColumn(8);
const MEMBER = new URL('../stampede-member.js', import.meta.url);
const KEYS = 1000;
/** Until all processes have heard of it and wait for the moment. */
const NOTICE_MS = 25;

export const stampedeFleet: Scenario = {
  name: 'stampede-fleet',
  about:
    `The same ${CALLERS.toLocaleString('en-US')} callers in several processes, as many in each, begin at the same moment: ` +
    'from the first call of any process to the last answer, on the wall. In brackets how often the factory ran, in all ' +
    'processes together. Those that share nothing between processes run it once in each; so do those whose runs are one ' +
    'in a process only.',
  ...ROUNDS,
  tables: [
    {
      name: TABLE,
      contenders: loaderPeers.filter(takesPart).map(({ name }) => name),
      base: sharedAlone.name,
    },
  ],
  columns: (effort) => [processesColumn(effort.fleets.at(-1) as number)],
  async prepare({ contender }, effort, site) {
    const size = effort.fleets.at(-1) as number;
    const prefix = `stampede-${basename(site.folder)}`;
    const member: StampedeMember = {
      peer: contender,
      options: { ...optionsFor(OBJECT, KEYS, site), prefix },
      factoryMs: FACTORY_MS,
    };
    const fleet = await Fleet.start<StampedeTask, StampedeOutcome>(MEMBER, size, member);
    let stampedes = 0;
    const round = async () => {
      const key = `cold:${stampedes++}`;
      const outcomes = await fleet.burst({ key, callers: CALLERS / size, at: clock() + NOTICE_MS });
      const begun = Math.min(...outcomes.map((outcome) => outcome.begun));
      const ended = Math.max(...outcomes.map((outcome) => outcome.ended));
      return { value: ended - begun, runs: outcomes.reduce((sum, { runs }) => sum + runs, 0) };
    };
    await warmUp(round);
    return round;
  },
};

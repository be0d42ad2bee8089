import type { Effort } from './contract.js';
import { goalsSection } from './goals.js';
import { describeMachine, describePeers } from './machine.js';
import { scenarios } from './scenarios/all.js';
import { scenarioSection } from './tables.js';
import type { Run } from './verdict.js';

/** The whole run as one Markdown page. */
export function report(run: Run, effort: Effort, seconds: number, now: Date): string {
  const sections = scenarios.flatMap((scenario) => {
    const results = run.get(scenario.name);
    return results === undefined ? [] : scenarioSection(scenario, results, effort);
  });
  return [
    '# Figures',
    '',
    'Written by `npm run bench`.',
    '',
    ...describeMachine(now),
    `- ${effort.rounds} rounds in turn by ${effort.processes} processes, the median of them; the run took ${Math.round(seconds)} s`,
    '',
    'Figures of other machines and other runs do not compare; the ratios do, roughly. The column ÷ is the figure of the',
    'first row divided by that of the row: below 1, the first row (locmem) needs less. Each contender runs in a process',
    'of its own, so that none pays for the mess that another leaves in the engine, and its answers are checked. While',
    'other programs want the cores, the time in which a contender did not run does not count (on Linux).',
    '',
    '## Goals',
    '',
    ...goalsSection(run),
    '',
    '## Scenarios',
    '',
    ...sections,
    '## Contenders',
    '',
    ...describePeers(),
    '',
  ].join('\n');
}

import type { Figure } from './contract.js';
import { LOCMEM } from './peers/roster.js';
import { redisCache } from './peers/server-cache.js';
import { asyncShared } from './peers/shared-cache.js';
import { sharedAlone, tieredLocmem } from './peers/tiered-cache.js';
import { columnOf } from './rounds.js';
import { NUMBERS } from './scenarios/async-get.js';
import { FRESH, FRESH_OR_STALE, OBJECTS } from './scenarios/async-get-or-set.js';
import { CALLS, NO_LONGER, TABLES, UNHEARD } from './scenarios/diagnostics.js';
import * as stampede from './scenarios/stampede.js';
import { COLUMN as FLEET, TABLE as PROCESSES } from './scenarios/stampede-fleet.js';
import { formatRuns } from './tables.js';
import { atMost, type Ratio, type Run, ratios, type Verdict } from './verdict.js';

/** What noise may add where two figures are to be level. */
const LEVEL = 1.05;
const TOGETHER = [sharedAlone.name, redisCache.name, tieredLocmem.name];

/** The goals of loading, and of telling of what happens. */
export function judgeLoading(run: Run): Verdict[] {
  const alone = columnOf(run.get('stampede'), stampede.TABLE, stampede.COLUMN);
  const together = columnOf(run.get('stampede-fleet'), PROCESSES, FLEET);
  return [
    ...[LOCMEM, asyncShared.name].flatMap((own) =>
      [FRESH, FRESH_OR_STALE].map((table) =>
        atMost(1 / 2, `${own}, \`getOrSet\` hit: at least 2 × every asynchronous peer, ${table}`, [
          ...overLoading(run, own, table),
        ]),
      ),
    ),
    once('a stampede in one process: one run of the factory', alone, [LOCMEM, asyncShared.name]),
    ...[LOCMEM, asyncShared.name].map((own) =>
      atMost(
        LEVEL,
        `${own}, a stampede in one process: no later than any peer (5 % for noise)`,
        ratios(alone, own, peersIn(alone)),
      ),
    ),
    once('a stampede in 8 processes: one run of the factory', together, TOGETHER),
    ...TOGETHER.map((own) =>
      atMost(
        LEVEL,
        `${own}, a stampede in 8 processes: no later than any peer (5 % for noise)`,
        ratios(together, own, peersIn(together)),
      ),
    ),
    atMost(LEVEL, 'diagnostics: nobody listens any more, as if nobody ever had (5 % for noise)', noLonger(run)),
  ];
}

function peersIn(figures: ReadonlyMap<string, Figure>): string[] {
  return [...figures.keys()].filter((name) => !name.startsWith('locmem'));
}

function overLoading(run: Run, own: string, table: string): Ratio[] {
  return [NUMBERS, OBJECTS].flatMap((column) => {
    const figures = columnOf(run.get('async-get-or-set'), table, column);
    return ratios(figures, own, peersIn(figures)).map(({ peer, ratio }) => ({ peer: `${peer} (${column})`, ratio }));
  });
}

function noLonger(run: Run): Ratio[] {
  return TABLES.flatMap((table) =>
    CALLS.flatMap((call) =>
      ratios(columnOf(run.get('diagnostics'), table, call), NO_LONGER, [UNHEARD]).map(({ ratio }) => ({
        peer: `${UNHEARD} (${table}, ${call})`,
        ratio,
      })),
    ),
  );
}

/** Met when none of ours ran a factory more than once in any round. */
function once(goal: string, figures: ReadonlyMap<string, Figure>, ours: readonly string[]): Verdict {
  const counts = ours.flatMap((name) => {
    const runs = figures.get(name)?.runs;
    return runs === undefined ? [] : [{ name, runs }];
  });
  if (counts.length === 0) return { goal, measured: '', verdict: 'not measured' };
  const measured = counts.map(({ name, runs }) => `${formatRuns(runs)} in ${name}`).join(', ');
  return { goal, measured, verdict: counts.every(({ runs }) => runs === 1) ? 'met' : 'missed' };
}

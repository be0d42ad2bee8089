import { availableParallelism } from 'node:os';
import { Contender } from './contender.js';
import type { Cell, Effort, Figure, Results, Scenario } from './contract.js';
import type { Grounds } from './grounds.js';

/**
 * How a fair comparison is made. Each contender of each cell runs in a process of its own: in a shared one the call
 * sites of the loop and of the libraries would turn megamorphic, and everybody's garbage would be collected on
 * somebody's time. All processes of a column stay alive and idle, and measure in turn (A B C A B C ...), only one at a
 * time, so that a slow spell of the machine falls on everybody alike. The median of the rounds counts.
 */
export async function measure(scenario: Scenario, effort: Effort, quick: boolean, grounds: Grounds): Promise<Results> {
  const results: Results = new Map();
  for (const column of scenario.columns(effort)) {
    const cells = scenario.tables.flatMap(({ name, contenders }) =>
      contenders.map((contender): Cell => ({ table: name, column, contender })),
    );
    const rounds = scenario.rounds ?? effort.rounds;
    const inTurn = rounds === 1 ? cells.map((cell) => [cell]) : [cells];
    for (const group of inTurn) {
      const figures: Figure[][] = group.map(() => []);
      // A process has luck, good or bad, that lasts as long as it does: where its code and data came to lie.
      const processes = Math.min(rounds, effort.processes, scenario.processes ?? rounds);
      for (let process = 0; process < processes; process++) {
        const some = await measureGroup(scenario, group, Math.ceil(rounds / processes), quick, grounds);
        for (const [i, contender] of figures.entries()) contender.push(...(some[i] as Figure[]));
      }
      for (const [i, cell] of group.entries()) {
        put(results, cell, combine(figures[i] as Figure[], scenario.combine));
      }
    }
  }
  return results;
}

async function measureGroup(
  scenario: Scenario,
  cells: Cell[],
  rounds: number,
  quick: boolean,
  grounds: Grounds,
): Promise<Figure[][]> {
  const contenders: Contender[] = [];
  try {
    await startAll(scenario, cells, quick, grounds, contenders);
    const figures: Figure[][] = cells.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [i, contender] of contenders.entries()) figures[i]?.push(await contender.round());
    }
    return figures;
  } finally {
    for (const contender of contenders) contender.stop();
  }
}

/** Warming up is not measured, so it may use every core. Those that started are in `started`, also when one failed. */
async function startAll(
  scenario: Scenario,
  cells: Cell[],
  quick: boolean,
  grounds: Grounds,
  started: Contender[],
): Promise<void> {
  const atOnce = availableParallelism();
  for (let i = 0; i < cells.length; i += atOnce) {
    const starts = cells.slice(i, i + atOnce).map((cell) => Contender.start(scenario, cell, quick, grounds));
    const settled = await Promise.allSettled(starts);
    for (const start of settled) if (start.status === 'fulfilled') started.push(start.value);
    await Promise.all(starts);
  }
}

/** The middle round (the lower of two), the worst, or the best; its note goes along. Of runs, the most in any round. */
function combine(figures: readonly Figure[], how: Scenario['combine']): Figure {
  const ascending = [...figures].sort((a, b) => a.value - b.value);
  const last = ascending.length - 1;
  const chosen = ascending[{ min: 0, median: last >> 1, max: last }[how]] as Figure;
  if (chosen.runs === undefined) return chosen;
  return { ...chosen, runs: Math.max(...figures.map(({ runs = 0 }) => runs)) };
}

function put(results: Results, cell: Cell, figure: Figure): void {
  const key = place(cell.table, cell.column);
  const column = results.get(key) ?? new Map<string, Figure>();
  results.set(key, column.set(cell.contender, figure));
}

/** The figures of one column of one table, by contender. */
export function columnOf(results: Results | undefined, table: string, column: string): ReadonlyMap<string, Figure> {
  return results?.get(place(table, column)) ?? new Map();
}

function place(table: string, column: string): string {
  return `${table}\n${column}`;
}

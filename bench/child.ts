import type { Cell, Figure, Site } from './contract.js';
import { FULL, QUICK } from './effort.js';
import { scenarios } from './scenarios/all.js';

/** What this process tells the one that started it: that it is warm, a figure, or what went wrong. */
export type Message = { readonly ready: true } | { readonly figure: Figure } | { readonly error: string };

const [name, table = '', column = '', contender = '', effort, site = ''] = process.argv.slice(2);

function tell(message: Message): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  tell({ error: error instanceof Error ? error.message : String(error) });
}

async function serve(cell: Cell): Promise<void> {
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`no scenario is named ${JSON.stringify(name)}`);
  const round = await scenario.prepare(cell, effort === 'quick' ? QUICK : FULL, JSON.parse(site) as Site);
  process.on('message', () => {
    round().then((figure) => tell({ figure }), fail);
  });
  tell({ ready: true });
}

process.on('disconnect', () => process.exit());
process.on('uncaughtException', fail);
serve({ table, column, contender }).catch(fail);

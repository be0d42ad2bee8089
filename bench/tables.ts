import type { Effort, Figure, Results, Scenario, Table } from './contract.js';
import { markdownTable } from './markdown.js';
import { columnOf } from './rounds.js';

/** A scenario as Markdown: one table per group of contenders that do the same job. */
export function scenarioSection(scenario: Scenario, results: Results, effort: Effort): string[] {
  const tables = scenario.tables.flatMap((table) => ['', ...tableOf(scenario, table, results, effort)]);
  return [`### ${scenario.name}`, '', scenario.about, ...tables, ''];
}

function tableOf(scenario: Scenario, table: Table, results: Results, effort: Effort): string[] {
  const columns = scenario.columns(effort);
  const units = scenario.unit === 'ns' ? ['ns/op', 'ops/s', '÷'] : [scenario.unit, '÷'];
  const heads = columns.flatMap((column) => units.map((unit, i) => (i === 0 ? `${column}: ${unit}` : unit)));
  const rows = table.contenders.map((contender) => {
    const cells = columns.flatMap((column) => {
      const figures = columnOf(results, table.name, column);
      return figureCells(scenario.unit, figures.get(contender), figures.get(table.base));
    });
    return [contender.startsWith('locmem') ? `**${contender}**` : contender, ...cells];
  });
  return markdownTable([table.name, ...heads], ['left', ...heads.map(() => 'right' as const)], rows);
}

function figureCells(unit: Scenario['unit'], figure: Figure | undefined, base: Figure | undefined): string[] {
  if (figure === undefined) return unit === 'ns' ? ['', '', ''] : ['', ''];
  const runs = figure.runs === undefined ? [] : [formatRuns(figure.runs)];
  const notes = [...runs, ...(figure.note === undefined ? [] : [figure.note])];
  const note = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  if (Number.isNaN(figure.value)) return unit === 'ns' ? [note, '', ''] : [note, ''];
  const ratio = base === undefined ? '' : formatRatio(base.value / figure.value);
  const value = `${formatValue(figure.value)}${note}`;
  return unit === 'ns' ? [value, formatPerSecond(figure.value), ratio] : [value, ratio];
}

export function formatRuns(runs: number): string {
  return runs === 1 ? '1 run' : `${runs.toLocaleString('en-US')} runs`;
}

export function formatRatio(ratio: number): string {
  if (ratio < 0.095) return ratio.toPrecision(2);
  return ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0);
}

function formatValue(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US');
}

function formatPerSecond(nanoseconds: number): string {
  const millions = 1000 / nanoseconds;
  if (millions < 0.1) return `${(millions * 1000).toFixed(1)} k`;
  return `${millions < 10 ? millions.toFixed(2) : millions.toFixed(1)} M`;
}

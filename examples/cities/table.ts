import type { ModeFigures } from './figures.js';

const COLUMNS = ['', 'requests/s', 'p50', 'p99', 'hit ratio', 'requests'];

/** The comparison as text for a terminal; the first mode is what the others are measured by. */
export function formatTable(modes: readonly ModeFigures[]): string {
  const base = modes[0]?.measured?.perSecond;
  const rows = modes.map(({ label, measured, entries }) => {
    if (measured === undefined) return [label, '-', '-', '-', '-', '0'];
    const times =
      base === undefined || measured.mode === modes[0]?.id ? '' : ` (x${(measured.perSecond / base).toFixed(1)})`;
    return [
      label,
      `${measured.perSecond.toFixed(0)}${times.padEnd(8)}`,
      formatMs(measured.p50),
      formatMs(measured.p99),
      entries === undefined ? '-' : formatPercent(measured.hitRatio),
      measured.requests.toLocaleString('en'),
    ];
  });
  const lines = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const text = lines.map((cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('   '),
  );
  text.splice(1, 0, '-'.repeat(text[0].length));
  return text.join('\n');
}

export function formatPercent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

/** Three digits: a hit takes a fraction of a millisecond, a miss tens of them. */
function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
}

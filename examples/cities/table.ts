import type { Lap, Memory, ModeFigures } from './figures.js';
import type { ModeName } from './modes.js';

/** What is compared. */
export function modesTable(modes: readonly ModeName[]): string {
  const width = Math.max(...modes.map(({ label }) => label.length));
  return modes.map(({ label, about }) => `${label.padEnd(width)}   ${about}`).join('\n');
}

/** The comparison as text for a terminal; the first mode is what the others are measured by. */
export function comparisonTable(modes: readonly ModeFigures[]): string {
  const base = modes[0]?.measured?.perSecond;
  const columns = ['', 'requests/s', 'p50', 'p99', 'hit ratio', 'entries', 'cache memory', 'requests'];
  const rows = modes.map(({ label, measured, caches, cacheOf }, index) => {
    if (measured === undefined) return [label, '-', '-', '-', '-', '-', '-', '0'];
    const times = base === undefined || index === 0 ? '' : ` (x${(measured.perSecond / base).toFixed(1)})`;
    return [
      label,
      `${measured.perSecond.toFixed(0)}${times.padEnd(8)}`,
      formatMs(measured.p50),
      formatMs(measured.p99),
      cacheOf === 'none' ? '-' : formatPercent(measured.hitRatio),
      caches?.entries?.toLocaleString('en') ?? '-',
      caches?.bytes === undefined ? '-' : formatBytes(caches.bytes),
      measured.requests.toLocaleString('en'),
    ];
  });
  return formatTable(columns, rows);
}

/** What became of the requests after a worker was killed. */
export function killTable(modes: readonly ModeFigures[]): string {
  const columns = ['', 'hit ratio before', 'after', 'requests after', 'cut off in the killed one', 'failed otherwise'];
  const rows = cached(modes).map(({ label, laps: { before, killed } }) => [
    label,
    formatRatio(before),
    formatRatio(killed),
    (killed?.requests ?? 0).toLocaleString('en'),
    String(killed?.cutOff ?? '-'),
    String(killed?.failed ?? '-'),
  ]);
  return formatTable(columns, rows);
}

/** How warm the caches were after all workers were restarted. */
export function restartTable(modes: readonly ModeFigures[]): string {
  const columns = ['', 'hit ratio', 'before the restart', 'requests', 'failed'];
  const rows = cached(modes).map(({ label, laps: { before, restarted } }) => [
    label,
    formatRatio(restarted),
    formatRatio(before),
    (restarted?.requests ?? 0).toLocaleString('en'),
    String(restarted === undefined ? '-' : restarted.failed + restarted.cutOff),
  ]);
  return formatTable(columns, rows);
}

/** What became of the requests while Redis was away, and after that. */
export function outageTable(modes: readonly ModeFigures[]): string {
  const columns = ['', 'answered without it', 'failed', 'slowest', 'hit ratio again', 'failed'];
  const rows = modes
    .filter(({ laps }) => laps.away !== undefined)
    .map(({ label, laps: { away, back } }) => [
      label,
      (away?.requests ?? 0).toLocaleString('en'),
      String(away?.failed ?? '-'),
      formatMs(away?.slowestMs ?? 0),
      formatRatio(back),
      String(back?.failed ?? '-'),
    ]);
  return formatTable(columns, rows);
}

/** The memory of all workers together, in one line that says what it is. */
export function formatMemory(memory: Memory | undefined, workers: number): string {
  if (memory === undefined) return `The memory of the ${workers} workers is not known.`;
  const { pss, rss } = memory;
  const together = `Memory of the ${workers} workers together, each with the whole data set: `;
  if (pss === undefined) return `${together}${formatBytes(rss)} (RSS: what they share counts once for each of them)`;
  return `${together}${formatBytes(pss)} (PSS: what they share counts once; by RSS, once for each, ${formatBytes(rss)})`;
}

export function formatPercent(ratio: number): string {
  return `${(ratio * 100).toFixed(1)} %`;
}

/** In units of 1024. */
export function formatBytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(0)} kB` : `${(bytes / 2 ** 20).toFixed(0)} MB`;
}

export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function cached(modes: readonly ModeFigures[]): readonly ModeFigures[] {
  return modes.filter(({ cacheOf }) => cacheOf !== 'none');
}

function formatRatio(lap: Lap | undefined): string {
  return lap?.hitRatio === undefined ? '-' : formatPercent(lap.hitRatio);
}

/** Three digits: a hit takes a fraction of a millisecond, a miss tens of them. */
function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
}

function formatTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(...lines.map((cells) => cells[column].length)));
  const text = lines.map((cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('   '),
  );
  text.splice(1, 0, '-'.repeat(text[0].length));
  return text.join('\n');
}

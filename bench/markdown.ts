export type Align = 'left' | 'right';

/** A Markdown table with its columns padded to one width, as a formatter would leave it. */
export function markdownTable(heads: readonly string[], aligns: readonly Align[], rows: readonly string[][]): string[] {
  const widths = heads.map((head, i) => Math.max(3, head.length, ...rows.map((row) => (row[i] as string).length)));
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, i) => {
      const width = widths[i] as number;
      return aligns[i] === 'right' ? cell.padStart(width) : cell.padEnd(width);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, i) => (aligns[i] === 'right' ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(heads), line(rule), ...rows.map(line)];
}

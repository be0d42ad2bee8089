import { meanRatio, type Point } from './point.js';
import { BOUND } from './policies.js';

const CELL = 11;

/** The points as text, a line each, and the means. `*` marks the best policy, or all of them within 0.005. */
export function formatTable(points: readonly Point[], policies: readonly string[]): string {
  const widest = Math.max(...points.map(({ trace }) => trace.length), 'mean'.length);
  const row = (trace: string, size: string, cells: string[]) =>
    `${trace.padEnd(widest)} ${size.padStart(7)} ${cells.map((cell) => cell.padStart(CELL)).join('')}`.trimEnd();
  const means = Object.fromEntries(policies.map((policy) => [policy, meanRatio(points, policy)]));
  return [
    row(
      'trace',
      'size',
      policies.map((policy) => `${policy} `),
    ),
    ...points.map(({ trace, size, ratios }) => row(trace, String(size), cells(ratios, policies))),
    row('mean', `of ${points.length}`, cells(means, policies)),
  ].join('\n');
}

function cells(ratios: Readonly<Record<string, number>>, policies: readonly string[]): string[] {
  const compared = policies.filter((policy) => policy !== BOUND && !Number.isNaN(ratios[policy]));
  const best = Math.max(...compared.map((policy) => ratios[policy]));
  return policies.map((policy) => {
    if (Number.isNaN(ratios[policy])) return '- ';
    const mark = policy !== BOUND && ratios[policy] > best - 0.005 ? '*' : ' ';
    return ratios[policy].toFixed(2) + mark;
  });
}

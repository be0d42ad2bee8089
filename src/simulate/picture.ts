import { init } from 'echarts';
import type { Point } from './point.js';
import { BOUND } from './policies.js';

const COLUMNS = 4;
const PANEL = { width: 270, height: 190, gapX: 58, gapY: 72 };
const MARGIN = { left: 64, top: 104, right: 24, bottom: 52 };

/** The shipped policies stand out; the others are told apart by hue (Okabe and Ito's colour-blind safe set). */
const STYLES: Readonly<Record<string, { color: string; width: number; dash?: number[] }>> = {
  tinylfu: { color: '#d55e00', width: 3 },
  shared: { color: '#56b4e9', width: 2.5 },
  lru: { color: '#0072b2', width: 2 },
  sieve: { color: '#009e73', width: 1.5 },
  's3-fifo': { color: '#cc79a7', width: 1.5 },
  'w-tinylfu': { color: '#e69f00', width: 1.5 },
  [BOUND]: { color: '#777777', width: 1.5, dash: [5, 4] },
};

/** Hit ratio against cache size as SVG: one panel for each trace, one line for each policy. */
export function drawPicture(points: readonly Point[], policies: readonly string[]): string {
  const traces = [...new Set(points.map(({ trace }) => trace))];
  const columns = Math.min(COLUMNS, traces.length);
  const rows = Math.ceil(traces.length / columns);
  const width = Math.max(640, MARGIN.left + columns * (PANEL.width + PANEL.gapX) - PANEL.gapX + MARGIN.right);
  const height = MARGIN.top + rows * (PANEL.height + PANEL.gapY) - PANEL.gapY + MARGIN.bottom;
  const place = (panel: number) => ({
    left: MARGIN.left + (panel % columns) * (PANEL.width + PANEL.gapX),
    top: MARGIN.top + Math.floor(panel / columns) * (PANEL.height + PANEL.gapY),
  });
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif' },
    title: [
      { text: 'Hit ratio by cache size', left: MARGIN.left, top: 14, textStyle: { fontSize: 18, color: '#222222' } },
      ...traces.map((trace, panel) => ({
        text: trace,
        left: place(panel).left,
        top: place(panel).top - 28,
        padding: 0,
        textStyle: { fontSize: 13, color: '#333333' },
      })),
    ],
    legend: { data: [...policies], left: MARGIN.left, top: 46, itemWidth: 28, itemHeight: 8, itemGap: 22, padding: 0 },
    grid: traces.map((_, panel) => ({ ...place(panel), width: PANEL.width, height: PANEL.height })),
    xAxis: traces.map((trace, panel) => ({
      gridIndex: panel,
      type: 'log',
      ...sizeRange(points, trace),
      name: panel + columns >= traces.length ? 'entries' : '',
      nameLocation: 'middle',
      nameGap: 24,
      axisLabel: { formatter: shortSize, hideOverlap: true, color: '#555555', fontSize: 11 },
      axisLine: { lineStyle: { color: '#999999' } },
      splitLine: { show: false },
    })),
    yAxis: traces.map((trace, panel) => ({
      gridIndex: panel,
      type: 'value',
      ...ratioRange(points, trace, policies),
      axisLabel: { formatter: '{value} %', color: '#555555', fontSize: 11 },
      splitLine: { lineStyle: { color: '#e8e8e8' } },
    })),
    series: traces.flatMap((trace, panel) =>
      policies.map((policy) => ({
        type: 'line',
        name: policy,
        xAxisIndex: panel,
        yAxisIndex: panel,
        symbol: 'circle',
        symbolSize: policy === BOUND ? 0 : 5,
        z: policy === 'tinylfu' ? 5 : 2,
        itemStyle: { color: STYLES[policy].color },
        lineStyle: { color: STYLES[policy].color, width: STYLES[policy].width, type: STYLES[policy].dash ?? 'solid' },
        data: points.filter((point) => point.trace === trace).map(({ size, ratios }) => [size, ratios[policy]]),
      })),
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** Sizes span powers of ten, so the axis is logarithmic; it ends at the first and last point. */
function sizeRange(points: readonly Point[], trace: string): { min: number; max: number } {
  const sizes = points.filter((point) => point.trace === trace).map(({ size }) => size);
  const min = Math.min(...sizes);
  const max = Math.max(...sizes);
  return min < max ? { min, max } : { min: min / 2, max: max * 2 };
}

/** From 0 unless every ratio is high: then the differences would vanish under the top line. */
function ratioRange(
  points: readonly Point[],
  trace: string,
  policies: readonly string[],
): { min: number; max: number; interval: number } {
  const ratios = points
    .filter((point) => point.trace === trace)
    .flatMap((point) => policies.map((policy) => point.ratios[policy]).filter((ratio) => !Number.isNaN(ratio)));
  const lowest = Math.min(...ratios);
  const highest = Math.max(...ratios);
  const min = lowest > 80 ? 80 : lowest > 40 ? 40 : 0;
  const max = Math.min(100, 20 * Math.ceil(highest / 20));
  return { min, max, interval: (max - min) / 4 };
}

function shortSize(size: number): string {
  return size < 1_000 ? String(Math.round(size)) : `${Number((size / 1_000).toPrecision(2))}k`;
}

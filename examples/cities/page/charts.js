// A script of its own in index.html, ahead of the modules.
const { echarts } = globalThis;

/** A colour of the style sheet, which knows whether it is dark. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Makes a chart that follows the size of its box and, by drawing itself anew, the colours of the page. */
export function chartIn(box, draw) {
  const chart = echarts.init(box);
  new ResizeObserver(() => chart.resize()).observe(box);
  const redraw = () => chart.setOption(draw());
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  return { chart, redraw };
}

/** Below this width of the window, in pixels, charts are less than 28rem wide. */
const NARROW = 1000;
const MOST_IN_A_ROW = 4;
/** Told apart without colours, too. */
const LINES = {
  none: 'dotted',
  local: 'dashed',
  shared: 'solid',
  redis: [10, 3, 2, 3],
  tiered: [4, 2],
  chosen: 'solid',
};
const PARTS = [
  ['before', 'Before'],
  ['killed', 'Worker killed'],
  ['restarted', 'After restart'],
];
const MARKS = { kill: 'killed', restart: 'restart', death: 'died', outage: 'Redis killed' };

export function drawCharts() {
  let figures = { modes: [], timeline: [], happenings: [] };
  const cached = () => figures.modes.filter((mode) => mode.cacheOf !== 'none');
  const hits = chartIn(document.getElementById('hits-chart'), () =>
    lines(cached(), (point) => Math.round(point.hitRatio * 100), percentAxis()),
  );
  const latency = chartIn(document.getElementById('latency-chart'), () =>
    lines(figures.modes, (point) => point.ms, { min: 0 }),
  );
  const parts = chartIn(document.getElementById('parts-chart'), bars);

  return {
    show(latest) {
      figures = latest;
      hits.redraw();
      latency.redraw();
      parts.redraw();
    },
  };

  function lines(modes, value, axis) {
    return {
      ...frame(axis),
      // As drawn text: markup would need a style policy that lets inline styles in.
      tooltip: {
        trigger: 'axis',
        renderMode: 'richText',
        formatter: (points) =>
          points.map(({ seriesName, data: [at, shown] }) => `${seriesName} at ${at} s: ${shown}`).join('\n'),
      },
      xAxis: {
        type: 'value',
        min: 'dataMin',
        max: 'dataMax',
        axisLabel: { ...soft(), formatter: (seconds) => `${Math.round(seconds)} s`, hideOverlap: true },
        axisLine: rule(),
        splitLine: { show: false },
      },
      series: modes.map(({ id, label }, index) => ({
        id,
        name: label,
        type: 'line',
        symbol: 'none',
        lineStyle: { width: id === 'shared' ? 3.5 : 2.25, type: LINES[id] },
        color: colour(`mode-${id}`),
        data: figures.timeline.filter((point) => point.mode === id).map((point) => [point.at, value(point)]),
        ...(index === 0 && { markLine: marks() }),
      })),
    };
  }

  /** Where a worker was killed, and all were restarted. */
  function marks() {
    const first = figures.timeline[0]?.at ?? 0;
    return {
      silent: true,
      animation: false,
      symbol: 'none',
      lineStyle: { color: colour('miss'), width: 1.5, type: 'solid' },
      label: { color: colour('miss'), formatter: '{b}', position: 'insideEndTop' },
      data: figures.happenings
        .filter(({ at, kind }) => kind in MARKS && at >= first)
        .map(({ at, kind }) => ({ xAxis: at, name: MARKS[kind] })),
    };
  }

  function bars() {
    return {
      ...frame(percentAxis()),
      xAxis: {
        type: 'category',
        data: PARTS.map(([, label]) => label),
        axisLabel: { ...soft(), interval: 0 },
        axisLine: rule(),
        axisTick: { show: false },
      },
      series: cached().map(({ id, label, laps }) => ({
        id,
        name: label,
        type: 'bar',
        barGap: '15%',
        barMaxWidth: 48,
        color: colour(`mode-${id}`),
        itemStyle: { borderRadius: [4, 4, 0, 0] },
        label: { show: true, position: 'top', color: colour('ink') },
        data: PARTS.map(([part]) => {
          const ratio = laps[part]?.hitRatio;
          return ratio === undefined ? undefined : Math.round(ratio * 100);
        }),
      })),
    };
  }

  function frame(axis) {
    // The names stand in two rows where there is little room, or there are many.
    const top = innerWidth < NARROW || figures.modes.length > MOST_IN_A_ROW ? 60 : 38;
    return {
      animation: false,
      legend: { top: 0, left: 0, itemHeight: 8, itemWidth: 28, textStyle: soft() },
      grid: { top, left: 4, right: 16, bottom: 4, containLabel: true },
      yAxis: { type: 'value', ...axis, axisLabel: { ...soft(), ...axis.axisLabel }, splitLine: rule() },
    };
  }

  function percentAxis() {
    return { min: 0, max: 100, axisLabel: { formatter: '{value} %' } };
  }

  function soft() {
    return { color: colour('soft') };
  }

  function rule() {
    return { lineStyle: { color: colour('line') } };
  }
}

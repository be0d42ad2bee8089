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

export function drawCharts() {
  let figures = { modes: [], timeline: [] };
  const hits = chartIn(document.getElementById('hits-chart'), () =>
    lines(
      figures.modes.filter((mode) => mode.entries !== undefined),
      (point) => Math.round(point.hitRatio * 100),
      { min: 0, max: 100, axisLabel: { formatter: '{value} %' } },
    ),
  );
  const latency = chartIn(document.getElementById('latency-chart'), () =>
    lines(figures.modes, (point) => point.ms, { min: 0 }),
  );

  return {
    show(latest) {
      figures = latest;
      hits.redraw();
      latency.redraw();
    },
  };

  function lines(modes, value, axis) {
    const soft = { color: colour('soft') };
    const rule = { lineStyle: { color: colour('line') } };
    return {
      animation: false,
      legend: { top: 0, right: 0, icon: 'roundRect', itemHeight: 4, textStyle: soft },
      grid: { top: 34, left: 4, right: 12, bottom: 4, containLabel: true },
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
        axisLabel: { ...soft, formatter: (seconds) => `${Math.round(seconds)} s`, hideOverlap: true },
        axisLine: rule,
        splitLine: { show: false },
      },
      yAxis: { type: 'value', ...axis, axisLabel: { ...soft, ...axis.axisLabel }, splitLine: rule },
      series: modes.map(({ id, label }) => ({
        id,
        name: label,
        type: 'line',
        showSymbol: false,
        lineStyle: { width: 2.5 },
        color: colour(`mode-${id}`),
        data: figures.timeline.filter((point) => point.mode === id).map((point) => [point.at, value(point)]),
      })),
    };
  }
}

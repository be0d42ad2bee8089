import { chartIn, colour } from './charts.js';

/** The largest places as dots: enough for the continents to show. A click on it is a point to search near. */
export async function createMap(box, onPoint) {
  const dots = await (await fetch('/api/map')).json();
  let point = [];
  let marked = [];
  const { chart, redraw } = chartIn(box, () => ({
    animation: false,
    grid: { top: 2, left: 2, right: 2, bottom: 2 },
    xAxis: { show: false, min: -170, max: 180 },
    yAxis: { show: false, min: -56, max: 74 },
    series: [
      {
        type: 'scatter',
        silent: true,
        data: dots,
        symbolSize: ([, , population]) => Math.max(1.6, Math.sqrt(population) / 500),
        itemStyle: { color: colour('soft'), opacity: 0.55 },
      },
      { type: 'scatter', silent: true, data: marked, symbolSize: 7, itemStyle: { color: colour('miss') } },
      {
        type: 'scatter',
        silent: true,
        data: point,
        symbolSize: 18,
        itemStyle: { color: 'transparent', borderColor: colour('accent'), borderWidth: 3 },
      },
    ],
  }));
  redraw();

  chart.getZr().on('click', ({ offsetX, offsetY }) => {
    const [lon, lat] = chart.convertFromPixel('grid', [offsetX, offsetY]);
    onPoint(lat, lon);
  });

  return {
    /** Shows where was searched, and what was found. */
    mark(lat, lon, places) {
      point = [[lon, lat]];
      marked = places.map((place) => [place.lon, place.lat]);
      redraw();
    },
  };
}

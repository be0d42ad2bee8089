import { drawCharts } from './charts.js';
import { showFigures } from './figures.js';
import { createMap } from './map.js';
import { startSearch } from './search.js';
import { startWeather } from './weather.js';

const phase = document.getElementById('phase');
const PHASES = {
  starting: 'Starting',
  measuring: 'Measuring',
  killing: 'A worker is killed',
  restarting: 'All workers restart',
  warm: 'Restarted: the first requests',
  outage: 'Redis is killed',
  measured: 'Measured; light load',
};

const map = await createMap(document.getElementById('map'), (lat, lon) => search.near(lat, lon));
const weather = startWeather();
const search = startSearch(map, (place) => weather.ask(place.id));
const charts = drawCharts();

const live = new EventSource('/api/live');
live.onmessage = ({ data }) => {
  const figures = JSON.parse(data);
  // A worker that has just started was not told yet.
  if (figures === null) return;
  setPhase(figures.phase, PHASES[figures.phase]);
  search.offerModes(figures.modes);
  showFigures(figures);
  charts.show(figures);
  weather.show(figures);
};
// The browser connects again by itself: to another worker, if it is one that has ended.
live.onerror = () => {
  if (phase.dataset.phase !== 'restarting') setPhase('lost', 'No answer: connecting again');
};

function setPhase(name, text) {
  // A screen reader speaks up at every change of the text, so it is only changed when there is one.
  if (phase.dataset.phase === name) return;
  phase.dataset.phase = name;
  phase.textContent = text;
}

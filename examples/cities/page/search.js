import { element, milliseconds } from './figures.js';

/** What a stop in typing is. */
const PAUSE_MS = 150;

const form = document.getElementById('search');
const modeBox = document.getElementById('modes');
const found = { list: document.getElementById('found'), note: document.getElementById('search-note') };
const near = { list: document.getElementById('near'), note: document.getElementById('near-note') };
const countries = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

export function startSearch(map, onPlace) {
  let timer = 0;
  form.q.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(submit, PAUSE_MS);
  });
  modeBox.addEventListener('change', submit);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearTimeout(timer);
    submit();
  });

  function submit() {
    const q = form.q.value.trim();
    if (q === '') return;
    ask(found, '/api/search', { q }, (place) => [
      `${place.name}, ${country(place)}`,
      place.population.toLocaleString('en'),
    ]);
  }

  async function searchNear(lat, lon, name) {
    const where = `${name ?? `${lat.toFixed(1)}°, ${lon.toFixed(1)}°`}: `;
    const row = (place) => [`${place.name}, ${country(place)}`, `${distance(place.km)} km`];
    const results = await ask(near, '/api/nearest', { lat: lat.toFixed(2), lon: lon.toFixed(2) }, row, where);
    if (results) map.mark(lat, lon, results);
  }

  /** Sends a request and shows its answer; an answer that a later request has overtaken is dropped. */
  async function ask(target, path, parameters, row, before = '') {
    target.latest?.abort();
    const latest = new AbortController();
    target.latest = latest;
    const cache = form.cache && { cache: form.cache.value };
    try {
      const response = await fetch(`${path}?${new URLSearchParams({ ...parameters, ...cache })}`, latest);
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      showNote(target.note, before, answer);
      target.list.replaceChildren(...answer.results.map((place) => item(place, row(place))));
      return answer.results;
    } catch (error) {
      if (!latest.signal.aborted) target.note.textContent = `No answer: ${error.message}`;
      return undefined;
    }
  }

  function item(place, [name, detail]) {
    const button = element('button', { type: 'button', title: `What is near ${place.name}` });
    button.append(element('span', {}, name), element('span', {}, detail));
    button.addEventListener('click', () => {
      onPlace(place);
      searchNear(place.lat, place.lon, place.name);
    });
    const made = element('li');
    made.append(button);
    return made;
  }

  // Who types while the page is still loading should not have to type again.
  submit();

  return {
    near: searchNear,
    /** One choice for each mode that the service has; to begin with, that which it takes if none is named. */
    offerModes(modes) {
      if (form.cache !== undefined) return;
      const usual = modes.find(({ id }) => id === 'shared') ?? modes.at(-1);
      for (const { id, label } of modes) {
        const choice = element('label');
        choice.append(
          element('input', { type: 'radio', name: 'cache', value: id, defaultChecked: id === usual.id }),
          label,
        );
        modeBox.append(choice);
      }
    },
  };
}

function showNote(note, before, { cache, ms, results, worker }) {
  const how = { hit: 'cache hit', miss: 'cache miss', none: 'no cache' }[cache];
  const count = results.length === 0 ? 'nothing found, ' : '';
  note.replaceChildren(
    before,
    count,
    element('strong', {}, milliseconds(ms)),
    ', ',
    element('strong', { className: cache }, how),
    `, worker ${worker}`,
  );
}

function distance(km) {
  return km < 100 ? km.toFixed(1) : Math.round(km).toLocaleString('en');
}

function country({ country: code }) {
  return countries.of(code) ?? code;
}

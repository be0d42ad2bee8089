/** The weather of a place and the climate of a country, from an office that is slow and sometimes away. */
import { element, milliseconds } from './figures.js';

/** Enough to meet each other in all workers. */
const CROWD = 40;
const COUNTRIES = ['BR', 'DE', 'FR', 'IN', 'JP', 'US'];

const now = document.getElementById('weather-now');
const note = document.getElementById('weather-note');
const asked = document.getElementById('office-asked');
const away = document.getElementById('office-away');
const country = document.getElementById('country');
const climateNote = document.getElementById('climate-note');
const climateList = document.getElementById('climate');
const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' });

export function startWeather() {
  // Paris, until another place is chosen.
  let place = 2988507;
  for (const code of COUNTRIES) country.append(new Option(names.of(code), code, code === 'FR', code === 'FR'));
  document.getElementById('weather-ask').addEventListener('click', () => ask());
  document.getElementById('weather-crowd').addEventListener('click', () => ask(CROWD));
  away.addEventListener('change', () => send(note, 'POST', '/api/office', { away: away.checked }));
  country.addEventListener('change', showClimate);
  document.getElementById('correct').addEventListener('click', async () => {
    const corrected = await send(climateNote, 'POST', '/api/corrections', { country: country.value });
    if (corrected) await showClimate();
  });
  showClimate();

  async function ask(count = 1) {
    const requests = Array.from({ length: count }, () => send(note, 'GET', '/api/weather', { place }));
    const answers = (await Promise.all(requests)).filter((answer) => answer !== undefined);
    if (answers.length === 0) return;
    const { weather, place: where } = answers[0];
    now.replaceChildren(
      element('strong', {}, weather ? `${weather.celsius.toFixed(1)} °C` : 'no station'),
      ` ${where.name}, ${names.of(where.country)}`,
    );
    note.replaceChildren(...(count === 1 ? ofOne(answers[0]) : ofMany(answers)));
  }

  return {
    ask(id) {
      place = id;
      ask();
    },
    /** What the office says of itself, for all workers. */
    show({ office }) {
      asked.textContent = office.asked.toLocaleString('en');
      away.checked = office.isAway;
    },
  };
}

function ofOne({ weather, ageMs, isStale, ms, worker }) {
  const age = weather
    ? [
        `report ${weather.report}, ${(ageMs / 1000).toFixed(1)} s old`,
        isStale ? ' and out of date: served at once' : '',
      ]
    : ['that there is no station is known, too'];
  return [element('strong', {}, milliseconds(ms)), ', ', ...age, `, worker ${worker}`];
}

function ofMany(answers) {
  const workers = new Set(answers.map(({ worker }) => worker)).size;
  const reports = new Set(answers.map(({ weather }) => weather?.report)).size;
  return [
    `${answers.length} at once, answered by ${workers} ${workers === 1 ? 'worker' : 'workers'}: `,
    element('strong', {}, `${reports} ${reports === 1 ? 'report' : 'reports'}`),
  ];
}

async function showClimate() {
  const answer = await send(climateNote, 'GET', '/api/climate', { country: country.value });
  if (!answer) return;
  const { edition, places, ms, worker } = answer;
  climateList.replaceChildren(
    ...places.map(({ name, mean }) => {
      const item = element('li');
      item.append(element('span', {}, name), element('span', {}, `${mean.toFixed(1)} °C`));
      return item;
    }),
  );
  climateNote.replaceChildren(element('strong', {}, milliseconds(ms)), `, edition ${edition}, worker ${worker}`);
}

/** The answer; where there is none, `target` says why. */
async function send(target, method, path, parameters) {
  try {
    const response = await fetch(`${path}?${new URLSearchParams(parameters)}`, { method });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error);
    return answer;
  } catch (error) {
    target.textContent = `No answer: ${error.message}`;
    return undefined;
  }
}

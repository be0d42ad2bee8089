/** The cards: one for each mode, with what was measured. And what is known of the workers. */
const cards = document.getElementById('cards');
const log = document.getElementById('log');
const workersBox = document.getElementById('workers');
const memoryBox = document.getElementById('memory');

export function showFigures({ modes, bytes, happenings, workers, memory }) {
  const base = modes[0].measured?.perSecond;
  cards.replaceChildren(...modes.map((mode, index) => card(mode, index > 0 ? base : undefined, bytes)));
  showLog(happenings);
  workersBox.textContent = workers.length === 0 ? '–' : `${workers.length}: processes ${workers.join(', ')}`;
  memoryBox.textContent = memory ? inMemory(memory) : '–';
}

function card({ id, label, about, cacheOf, measured, caches, laps }, base, bytes) {
  const article = element('article', { className: 'card' });
  article.dataset.mode = id;
  const rate = element(
    'p',
    { className: 'rate' },
    measured ? Math.round(measured.perSecond).toLocaleString('en') : '–',
  );
  const times = measured && base ? ` (×${(measured.perSecond / base).toFixed(1)})` : '';
  rate.append(' ', element('small', {}, `requests/s${times}`));

  const rows = [
    ['Median (p50)', measured && milliseconds(measured.p50)],
    ['Slowest 1 % (p99)', measured && milliseconds(measured.p99)],
    ['Requests', measured?.requests.toLocaleString('en')],
  ];
  if (cacheOf !== 'none') {
    rows.push(
      ['Hit ratio', measured && percent(measured.hitRatio)],
      ['… a worker killed', laps.killed && percent(laps.killed.hitRatio)],
      ['… after the restart', laps.restarted && percent(laps.restarted.hitRatio)],
      ['Cut off by the kill', laps.killed && String(laps.killed.cutOff)],
      ['Failed otherwise', laps.killed && String(laps.killed.failed + (laps.restarted?.failed ?? 0))],
      ['Entries now', caches?.entries?.toLocaleString('en')],
      [bytes ? `Of ${kilobytes(bytes)} in use` : 'In use', caches?.bytes !== undefined && kilobytes(caches.bytes)],
    );
    if (laps.away)
      rows.push(['Failed without Redis', `${laps.away.failed} of ${laps.away.failed + laps.away.requests}`]);
    if (caches?.errors !== undefined) rows.push(['Calls that the server did not answer', String(caches.errors)]);
  }
  const list = element('dl');
  for (const [term, value] of rows) list.append(element('dt', {}, term), element('dd', {}, value || '–'));
  article.append(element('h3', {}, label), element('p', { className: 'about' }, about), rate, list);
  return article;
}

/** Only what is new is added: a screen reader reads out what comes into a log. */
function showLog(happenings) {
  const lastShown = () => Number(log.lastElementChild?.dataset.number ?? 0);
  // The page may have outlived the service: another run begins anew.
  if (lastShown() > (happenings.at(-1)?.number ?? 0)) log.replaceChildren();
  for (const { number, at, kind, text } of happenings) {
    if (number <= lastShown()) continue;
    const item = element('li');
    item.dataset.number = number;
    item.dataset.kind = kind;
    item.append(element('time', { dateTime: `PT${at}S` }, `${at.toFixed(1)} s`), element('span', {}, text));
    log.append(item);
  }
}

function inMemory({ pss, rss }) {
  return pss === undefined
    ? `${megabytes(rss)} by RSS, which counts what they share once for each`
    : `${megabytes(pss)} by PSS, which counts what they share once; ${megabytes(rss)} by RSS, which counts it for each`;
}

/** Three digits, from a hit's fraction of a millisecond to a crowd's seconds. */
export function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
}

function percent(ratio) {
  return ratio === undefined ? '–' : `${(ratio * 100).toFixed(1)} %`;
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1024).toLocaleString('en')} kB`;
}

function megabytes(bytes) {
  return `${Math.round(bytes / 1024 ** 2).toLocaleString('en')} MB`;
}

/** Text goes in as text, never as markup: a place may be called what it likes. */
export function element(name, properties = {}, text = '') {
  const made = Object.assign(document.createElement(name), properties);
  made.append(text);
  return made;
}

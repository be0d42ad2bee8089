/** The cards: one for each mode, with what was measured. */
const cards = document.getElementById('cards');

export function showFigures({ modes, maxEntries }) {
  const base = modes[0]?.measured?.perSecond;
  cards.replaceChildren(...modes.map((mode, index) => card(mode, index > 0 ? base : undefined, maxEntries)));
}

function card({ id, label, measured, entries, evictions }, base, maxEntries) {
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
    ['Half were faster than (p50)', measured && milliseconds(measured.p50)],
    ['99 % were faster than (p99)', measured && milliseconds(measured.p99)],
    ['Hit ratio', measured && (entries === undefined ? 'no cache' : `${(measured.hitRatio * 100).toFixed(1)} %`)],
    ['Entries held', entries === undefined ? '–' : `${entries} of ${maxEntries}`],
    ['Evictions', evictions === undefined ? '–' : evictions.toLocaleString('en')],
    ['Requests measured', measured?.requests.toLocaleString('en')],
  ];
  const list = element('dl');
  for (const [term, value] of rows) list.append(element('dt', {}, term), element('dd', {}, value ?? '–'));
  article.append(element('h3', {}, label), rate, list);
  return article;
}

/** Three digits, from a hit's fraction of a millisecond to a crowd's seconds. */
export function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms`;
}

/** Text goes in as text, never as markup: a place may be called what it likes. */
export function element(name, properties = {}, text = '') {
  const made = Object.assign(document.createElement(name), properties);
  made.append(text);
  return made;
}

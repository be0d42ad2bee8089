import { describe } from 'node:test';
import { badInput } from './bad-input.js';
import { closing } from './closing.js';
import { context } from './context.js';
import { counters } from './counters.js';
import { counting } from './counting.js';
import { events } from './events.js';
import { expiry } from './expiry.js';
import { keyForms } from './key-forms.js';
import { loadMany } from './load-many.js';
import { loadOptions } from './load-options.js';
import { loading } from './loading.js';
import { manyKeys } from './many-keys.js';
import { readingAndWriting } from './reading-and-writing.js';
import { schemas } from './schemas.js';
import { singleFlight } from './single-flight.js';
import { stale } from './stale.js';
import type { Subject } from './subject.js';
import { tags } from './tags.js';
import { values } from './values.js';
import { versionsAndPrefixes } from './versions-and-prefixes.js';
import { wrapped } from './wrapped.js';

/** What every cache does, whatever its backend: `subject` is tested on all of it that its capabilities claim. */
export function conformance(subject: Subject): void {
  describe(`${subject.name}, ${subject.face} face`, () => {
    badInput(subject);
    closing(subject);
    loading(subject);
    loadOptions(subject);
    loadMany(subject);
    wrapped(subject);
    schemas(subject);
    if (subject.face === 'async') singleFlight(subject);
    if (subject.face === 'async') events(subject);
    if (!subject.capabilities.stores) return;
    readingAndWriting(subject);
    expiry(subject);
    versionsAndPrefixes(subject);
    manyKeys(subject);
    counters(subject);
    values(subject);
    keyForms(subject);
    if (subject.capabilities.keepsExtras) {
      tags(subject);
      context(subject);
      if (subject.face === 'async') stale(subject);
    }
    if (subject.capabilities.counts !== 'nothing') counting(subject);
  });
}

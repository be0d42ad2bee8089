import type { EntryOptions } from './call-options.js';
import type { EntryExtras } from './entry-extras.js';
import { invalidArgument, show } from './errors.js';

const NO_TAGS: readonly string[] = [];

/** What the options of a call that stores ask for beside value and ttl; of one that does not load, that is tags. */
export function readExtras(options: unknown): EntryExtras | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  const tags = readTags((options as EntryOptions).tags);
  return tags.length === 0 ? undefined : { staleFor: 0, loadTime: 0, tags };
}

/** The tags of an entry, each once. @throws TypeError */
export function readTags(tags: unknown): readonly string[] {
  if (tags === undefined) return NO_TAGS;
  if (!Array.isArray(tags)) throw invalidArgument(`tags is an array of strings; got ${show(tags)}.`);
  return uniqueTags(tags);
}

/** The tags that `deleteTags` is given, each once. @throws TypeError */
export function readDeletedTags(tags: unknown): readonly string[] {
  if (typeof tags !== 'object' || tags === null || !(Symbol.iterator in tags)) {
    throw invalidArgument(`deleteTags takes an iterable of tags, such as an array; got ${show(tags)}.`);
  }
  return uniqueTags(tags as Iterable<unknown>);
}

function uniqueTags(tags: Iterable<unknown>): string[] {
  const unique = new Set<string>();
  for (const tag of tags) {
    checkTag(tag);
    unique.add(tag);
  }
  return [...unique];
}

/** @throws TypeError unless `tag` is text that every backend can store. */
export function checkTag(tag: unknown): asserts tag is string {
  if (typeof tag !== 'string' || tag === '') {
    throw invalidArgument(`A tag is a string of at least one character; got ${show(tag)}.`);
  }
  if (!tag.isWellFormed()) throw invalidArgument(`The tag ${show(tag)} has a lone surrogate, which is not text.`);
}

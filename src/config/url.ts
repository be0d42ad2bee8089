import { InvalidConfigError, show } from '../core/errors.js';
import { unknownName } from '../core/options.js';
import { BACKEND_NAMES, type BackendName } from './backends.js';

/** Options that a URL's query can give, by how their text is read. The others are functions and objects. */
const NUMBERS = ['version', 'maxEntries', 'cullFrequency', 'ttlResolution', 'nearEntries'];
const DURATIONS = ['ttl'];
const TEXTS = ['keyPrefix', 'policy', 'maxSize', 'maxBytes', 'values'];
const WITH_LOCATION: readonly BackendName[] = ['locmem', 'shared'];

/**
 * Reads a URL such as `locmem:my_cache?maxEntries=300&ttl=30s`, `shared:my_cache`, `shared:///var/cache/app/pages.cache`
 * or `dummy:`: the backend, a location where the backend has one, and options. `ttl=null` is for ever.
 *
 * @throws InvalidConfigError naming what is wrong, and what is allowed.
 */
export function parseCacheUrl(url: string): { backend: BackendName; options: Record<string, unknown> } {
  const match = /^([a-z]+):([^?#]*)(?:\?([^#]*))?$/i.exec(url);
  if (match === null) {
    throw new InvalidConfigError(`A cache URL reads like 'locmem:my_cache?maxEntries=300'; got ${show(url)}.`);
  }
  const backend = match[1]!.toLowerCase();
  if (!isBackend(backend)) throw new InvalidConfigError(unknownName('backend', backend, BACKEND_NAMES));
  const options: Record<string, unknown> = {};
  // After `//` stands a host, of which a file has none, and then its path.
  const location = decode(match[2]!.replace(/^\/\/(?=\/)/, ''), url);
  if (location !== '') {
    if (!WITH_LOCATION.includes(backend))
      throw new InvalidConfigError(`${backend}: has no location; got ${show(url)}.`);
    options.location = location;
  }
  for (const [name, text] of new URLSearchParams(match[3] ?? '')) options[name] = readOption(name, text);
  return { backend, options };
}

export function isBackend(name: string): name is BackendName {
  return (BACKEND_NAMES as string[]).includes(name);
}

function decode(text: string, url: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new InvalidConfigError(`The location in ${show(url)} is not percent-encoded text.`, { cause });
  }
}

function readOption(name: string, text: string): unknown {
  if (TEXTS.includes(name)) return text;
  const isNumber = text.trim() !== '' && !Number.isNaN(Number(text));
  if (NUMBERS.includes(name)) {
    if (isNumber) return Number(text);
    throw new InvalidConfigError(`${name} is a number; got ${show(text)}.`);
  }
  if (DURATIONS.includes(name)) return text === 'null' ? null : isNumber ? Number(text) : text;
  throw new InvalidConfigError(unknownName('option of a cache URL', name, [...NUMBERS, ...DURATIONS, ...TEXTS]));
}

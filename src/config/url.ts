import { InvalidConfigError, show } from '../core/errors.js';
import { unknownName } from '../core/options.js';
import { BACKEND_NAMES, type BackendName } from './backends.js';

/** The backend that each scheme names; the others are called as their scheme. */
const SCHEMES = { redis: 'redis', rediss: 'redis', valkey: 'redis', valkeys: 'redis' } as const;

/** A scheme of a cache URL that is not the name of its backend. */
export type Scheme = keyof typeof SCHEMES;
/** The backend of such a scheme. */
export type BackendOfScheme<S extends Scheme> = (typeof SCHEMES)[S];

/** Options that a URL's query can give, by how their text is read. The others are functions and objects. */
const NUMBERS = ['version', 'maxEntries', 'cullFrequency', 'ttlResolution', 'nearEntries'];
const DURATIONS = ['ttl', 'commandTimeout'];
const FLAGS = ['failOpen'];
const TEXTS = ['keyPrefix', 'policy', 'maxSize', 'maxBytes', 'values', 'serializer', 'compression', 'sentinel'];

interface ParsedUrl {
  readonly backend: BackendName;
  readonly options: Record<string, unknown>;
}

/**
 * Reads a URL such as `locmem:my_cache?maxEntries=300&ttl=30s`, `shared:my_cache`, `shared:///var/cache/app/pages.cache`,
 * `redis://user:password@host:6379/0?keyPrefix=app`, `memcached://one:11211,two:11211` or `dummy:`: the backend, where it
 * is, and options. `ttl=null` is for ever. Several Redis hosts, `redis://a:6379,b:6379`, are some nodes of a Cluster, or with `sentinel=name` the sentinels.
 *
 * @throws InvalidConfigError naming what is wrong, and what is allowed.
 */
export function parseCacheUrl(url: string): ParsedUrl {
  const match = /^([a-z]+):([^?#]*)(?:\?([^#]*))?$/i.exec(url);
  if (match === null) {
    throw new InvalidConfigError(`A cache URL reads like 'locmem:my_cache?maxEntries=300'; got ${showUrl(url)}.`);
  }
  const scheme = match[1]!.toLowerCase();
  const backend = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme as Scheme] : scheme;
  if (!isBackend(backend) || (WITHOUT_URL as readonly string[]).includes(backend)) {
    throw new InvalidConfigError(unknownName('backend', scheme, schemes()));
  }
  const query = new URLSearchParams(match[3] ?? '');
  const options = placeOf(backend, scheme, match[2]!, url);
  for (const [name, text] of query) options[name] = readOption(name, text);
  // One sentinel is a list of one.
  if (query.has('sentinel') && options.url !== undefined) {
    options.urls = [options.url];
    delete options.url;
  }
  return { backend, options };
}

export function isBackend(name: string): name is BackendName {
  return (BACKEND_NAMES as string[]).includes(name);
}

/** Backends that are made of other caches, or of a Keyv. */
const WITHOUT_URL = ['tiered', 'keyv'] as const satisfies BackendName[];

function schemes(): string[] {
  const named = BACKEND_NAMES.filter((name) => !(WITHOUT_URL as readonly string[]).includes(name));
  return [...new Set<string>([...named, ...Object.keys(SCHEMES)])];
}

/** The options that say where the cache is. */
function placeOf(backend: BackendName, scheme: string, place: string, url: string): Record<string, unknown> {
  switch (backend) {
    case 'locmem':
    case 'shared': {
      // After `//` stands a host, of which a file has none, and then its path.
      const location = decode(place.replace(/^\/\/(?=\/)/, ''), url);
      return location === '' ? {} : { location };
    }
    case 'redis':
      return serverUrls(scheme, place);
    case 'memcached':
      return { url: `${scheme}:${place}` };
    default:
      if (place === '') return {};
      throw new InvalidConfigError(`${backend}: has no location; got ${showUrl(url)}.`);
  }
}

/** Each host a URL of its own: user, password and path are those of all. */
function serverUrls(scheme: string, place: string): Record<string, unknown> {
  const [, user = '', hosts = '', path = ''] = /^(\/\/(?:[^/]*@)?)([^/@]*)(\/.*)?$/.exec(place) ?? [];
  if (!hosts.includes(',')) return { url: `${scheme}:${place}` };
  return { urls: hosts.split(',').map((host) => `${scheme}:${user}${host}${path}`) };
}

function decode(text: string, url: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new InvalidConfigError(`The location in ${showUrl(url)} is not percent-encoded text.`, { cause });
  }
}

function readOption(name: string, text: string): unknown {
  if (TEXTS.includes(name)) return text;
  const isNumber = text.trim() !== '' && !Number.isNaN(Number(text));
  if (NUMBERS.includes(name)) {
    if (isNumber) return Number(text);
    throw new InvalidConfigError(`${name} is a number; got ${show(text)}.`);
  }
  if (FLAGS.includes(name)) {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new InvalidConfigError(`${name} is true or false; got ${show(text)}.`);
  }
  if (DURATIONS.includes(name)) return text === 'null' ? null : isNumber ? Number(text) : text;
  throw new InvalidConfigError(
    unknownName('option of a cache URL', name, [...NUMBERS, ...DURATIONS, ...FLAGS, ...TEXTS]),
  );
}

/** Messages end up in logs: without the password. */
function showUrl(url: string): string {
  return show(url.replace(/\/\/[^/@]*@/, '//…@'));
}

import { InvalidConfigError, show } from '../core/errors.js';

const SCHEME = 'memcached://';
const DEFAULT_PORT = 11_211;

/**
 * The servers that URLs name, as `host:port`, sorted: the order in which they are named means nothing.
 *
 * @throws InvalidConfigError if one cannot be read, or is named twice.
 */
export function readServers(urls: readonly string[]): string[] {
  const servers = urls.flatMap((url) => serversOf(url));
  const sorted = [...new Set(servers)].sort();
  if (sorted.length < servers.length) {
    throw new InvalidConfigError(`A server is named twice: ${servers.join(', ')}. Name each once.`);
  }
  return sorted;
}

function serversOf(url: unknown): string[] {
  if (typeof url !== 'string' || !url.toLowerCase().startsWith(SCHEME)) throw unreadable(url);
  return url
    .slice(SCHEME.length)
    .replace(/\/$/, '')
    .split(',')
    .map((server) => readServer(server, url));
}

/** `host` or `host:port`, as `host:port`. */
export function readServer(server: string, shown: unknown = server): string {
  const match = /^([a-z\d](?:[a-z\d._-]*[a-z\d])?)(?::(\d{1,5}))?$/i.exec(server.trim());
  const port = Number(match?.[2] ?? DEFAULT_PORT);
  if (match === null || port < 1 || port > 65_535) throw unreadable(shown);
  return `${match[1]!.toLowerCase()}:${port}`;
}

function unreadable(url: unknown): InvalidConfigError {
  return new InvalidConfigError(
    `The servers of a MemcachedCache read like 'memcached://one:11211,two:11211' (names or IPv4 addresses; options ` +
      `stand beside the url); got ${show(url)}.`,
  );
}

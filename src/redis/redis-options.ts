import { CACHE_OPTIONS, type CacheOptions } from '../core/cache-options.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { checkKnownOptions } from '../core/options.js';
import { readServerOptions, SERVER_OPTIONS, type ServerOptions, type ServerSettings } from '../core/server-options.js';
import {
  ENCODING_OPTIONS,
  type EncodingOptions,
  type EncodingSettings,
  readEncodingOptions,
} from '../encoding/encoding-options.js';

/** A client of the package `redis`, as `createClient()`, `createCluster()` or `createSentinel()` make it. */
export interface RedisClient {
  readonly isOpen: boolean;
  connect(): Promise<unknown>;
  sendCommand(...args: never[]): Promise<unknown>;
}

/** What a `RedisCache` takes, beside what every cache does. One of `url`, `urls` and `client` says where Redis is. */
export interface RedisCacheOptions extends CacheOptions, ServerOptions, EncodingOptions {
  /** One server: `redis[s]://[[user]:password@]host[:port][/database]`, or `valkey[s]://…`. Default: `'redis://localhost:6379'`. */
  url?: string;
  /** Some nodes of a cluster, or, with `sentinel`, some sentinels. A password is the same for all. */
  urls?: readonly string[];
  /** The name under which the sentinels at `urls` know the master. */
  sentinel?: string;
  /** A client of your own. `close()` leaves it open: who made it closes it. */
  client?: RedisClient;
}

/** Where Redis is. */
export type RedisTarget =
  | { readonly kind: 'standalone'; readonly url: string }
  | { readonly kind: 'cluster'; readonly urls: readonly string[] }
  | { readonly kind: 'sentinel'; readonly urls: readonly string[]; readonly master: string }
  | { readonly kind: 'client'; readonly client: RedisClient };

/** {@link RedisCacheOptions}, checked. */
export interface RedisSettings extends ServerSettings {
  readonly target: RedisTarget;
  readonly encoding: EncodingSettings;
}

const OPTIONS = [...CACHE_OPTIONS, ...SERVER_OPTIONS, ...ENCODING_OPTIONS, 'url', 'urls', 'sentinel', 'client'];
/** @throws InvalidConfigError naming the option at fault. */
export function readRedisOptions(options: RedisCacheOptions): RedisSettings {
  checkKnownOptions('RedisCache', options, OPTIONS);
  return { target: readTarget(options), ...readServerOptions(options), encoding: readEncodingOptions(options) };
}

function readTarget(options: RedisCacheOptions): RedisTarget {
  const { url, urls, sentinel, client } = options;
  if ([url, urls, client].filter((one) => one !== undefined).length > 1) {
    throw new InvalidConfigError('RedisCache takes one of url, urls and client, not several.');
  }
  if (client !== undefined) {
    if (typeof (client as RedisClient | null)?.sendCommand !== 'function') {
      throw new InvalidConfigError(`client is a client of the package redis; got ${show(client)}.`);
    }
    return { kind: 'client', client };
  }
  if (sentinel !== undefined && (typeof sentinel !== 'string' || sentinel === '')) {
    throw new InvalidConfigError(`sentinel is the name of the master that the sentinels watch; got ${show(sentinel)}.`);
  }
  if (urls === undefined) {
    if (sentinel !== undefined) throw new InvalidConfigError('sentinel needs the sentinels’ addresses: urls.');
    return { kind: 'standalone', url: readUrl(url ?? 'redis://localhost:6379') };
  }
  if (!Array.isArray(urls) || urls.length === 0) {
    throw new InvalidConfigError(`urls is a list of at least one URL; got ${show(urls)}.`);
  }
  const read = urls.map(readUrl);
  return sentinel === undefined ? { kind: 'cluster', urls: read } : { kind: 'sentinel', urls: read, master: sentinel };
}

/** The URL as the client takes it: Valkey speaks Redis. */
function readUrl(url: unknown): string {
  const text = typeof url === 'string' ? url.replace(/^valkey(s?):/i, 'redis$1:') : '';
  if (/^rediss?:\/\//i.test(text) && URL.canParse(text)) {
    const { pathname, search, hash } = new URL(text);
    if (search !== '' || hash !== '') {
      throw new InvalidConfigError(`Options stand beside the url, not in it; got ${show(search + hash)}.`);
    }
    if (/^\/?\d*$/.test(pathname)) return text;
    throw new InvalidConfigError(`The path of a Redis URL is a database number; got ${show(pathname)}.`);
  }
  throw new InvalidConfigError(`A Redis URL reads like 'redis://localhost:6379/0'; got ${show(withoutPassword(url))}.`);
}

/** Messages end up in logs. */
function withoutPassword(url: unknown): unknown {
  return typeof url === 'string' ? url.replace(/:[^:@/]*@/, ':…@') : url;
}

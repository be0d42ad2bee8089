import { CACHE_OPTIONS, type CacheOptions } from '../core/cache-options.js';
import { type Clock, systemClock } from '../core/clock.js';
import { InvalidConfigError, show } from '../core/errors.js';
import { checkKnownOptions } from '../core/options.js';
import { readServerOptions, SERVER_OPTIONS, type ServerOptions, type ServerSettings } from '../core/server-options.js';
import { ENCODING_OPTIONS, type EncodingOptions } from '../encoding/encoding-options.js';
import type { ConnectionSettings } from './connection.js';
import type { PoolKey } from './server-pool.js';
import { readServer, readServers } from './servers.js';

/** What `new MemcachedCache()` takes, beside what every cache does. Exactly one of `url`, `urls` and `client` is given. */
export interface MemcachedCacheOptions extends CacheOptions, ServerOptions, EncodingOptions {
  /** The servers: `'memcached://one:11211,two:11211'`. The port may be left out: 11211. */
  url?: string;

  /** The same as a list. */
  urls?: readonly string[];

  /** A `MemcacheClient` of memcache-client: its servers are used, and its `tls` and `keepAlive`. It stays yours to close. */
  client?: { readonly options: object };

  /**
   * Where the time comes from, for tests of expiry; the server then keeps what has expired. Default: the machine's clock,
   * by which all machines must agree about the time.
   */
  clock?: Clock;
}

/** {@link MemcachedCacheOptions}, checked, with the defaults filled in. */
export interface MemcachedSettings extends ServerSettings {
  readonly poolKey: PoolKey;
  readonly addresses: readonly string[];
  readonly connection: ConnectionSettings;
  readonly clock: Clock;
}

const OPTIONS = [...CACHE_OPTIONS, ...SERVER_OPTIONS, ...ENCODING_OPTIONS, 'url', 'urls', 'client', 'clock'];

/** @throws InvalidConfigError naming the option at fault. */
export function readMemcachedOptions(options: MemcachedCacheOptions): MemcachedSettings {
  checkKnownOptions('MemcachedCache', options, OPTIONS);
  const { clock = systemClock } = options;
  if (typeof (clock as Clock | null)?.now !== 'function') {
    throw new InvalidConfigError(`clock is an object with a method now(); got ${show(clock)}.`);
  }
  return { ...readPlace(options), ...readServerOptions(options), clock };
}

function readPlace(options: MemcachedCacheOptions): Pick<MemcachedSettings, 'poolKey' | 'addresses' | 'connection'> {
  const { url, urls, client } = options;
  if ([url, urls, client].filter((one) => one !== undefined).length !== 1) {
    throw new InvalidConfigError(
      "A MemcachedCache takes one of url ('memcached://host:11211'), urls (a list of them) and client.",
    );
  }
  if (client !== undefined) return readClient(client);
  if (urls !== undefined && (!Array.isArray(urls) || urls.length === 0)) {
    throw new InvalidConfigError(`urls is a list of at least one URL; got ${show(urls)}.`);
  }
  const addresses = readServers(urls ?? [url!]);
  return { poolKey: addresses.join(), addresses, connection: {} };
}

/** memcache-client takes `server: 'host:port'`, `{ server }` or `{ servers: [{ server }] }`. */
function readClient(client: unknown): Pick<MemcachedSettings, 'poolKey' | 'addresses' | 'connection'> {
  const settings = (client as { options?: Record<string, unknown> } | null)?.options;
  const given = settings?.server as string | { server?: unknown; servers?: { server?: unknown }[] } | undefined;
  const named = typeof given === 'string' ? [given] : (given?.servers?.map(({ server }) => server) ?? [given?.server]);
  if (settings === undefined || !named.every((server) => typeof server === 'string')) {
    throw new InvalidConfigError(`client is a MemcacheClient of memcache-client; got ${show(client)}.`);
  }
  const addresses = named.map((server) => readServer(server as string)).sort();
  const { tls, keepAlive } = settings;
  return { poolKey: client as object, addresses, connection: { tls, keepAlive } };
}

import type { ServerPeer, SharedPeer, Site } from '../contract.js';

export function redisUrl(ports: Site['ports']): string {
  return `redis://127.0.0.1:${ports['redis-server']}`;
}

export const redis: SharedPeer = {
  name: 'redis',
  package: 'redis',
  server: 'redis-server',
  isAwaited: true,
  setting:
    'createClient() on loopback; GET, SET with PX; objects as JSON; the server without persistence (\'--save ""\')',
  async open({ ports, prefix, ttl, isText }) {
    const { createClient } = await import('redis');
    const port = ports['redis-server'] as number;
    const client = await createClient({ socket: { host: '127.0.0.1', port } }).connect();
    const expiration = { type: 'PX', value: ttl } as const;
    const name = (key: string) => `${prefix}:${key}`;
    return {
      async get(key) {
        const text = await client.get(name(key));
        return isText || text === null ? text : JSON.parse(text);
      },
      set: (key, value) => client.set(name(key), isText ? (value as string) : JSON.stringify(value), { expiration }),
    };
  },
};

/** The client that a `RedisCache` uses, too, with what a program writes by hand around it. */
function client(name: string, options: { commandOptions?: { timeout: number } }, remark: string): ServerPeer {
  return {
    name,
    package: 'redis',
    server: 'redis-server',
    setting: `createClient()${remark}; GET, MGET, SET with PX; objects as JSON; for getOrSet GET, and SET where there is nothing`,
    offers: { getMany: true, getOrSet: true },
    async open({ ports, prefix, ttl, isText, load }) {
      const { createClient } = await import('redis');
      const client = await createClient({ ...options, url: redisUrl(ports) }).connect();
      const expiration = { type: 'PX', value: ttl } as const;
      const name = (key: string) => `${prefix}:${key}`;
      const read = (text: string | null) => (isText || text === null ? text : JSON.parse(text));
      const get = async (key: string) => read(await client.get(name(key)));
      const set = (key: string, value: unknown) =>
        client.set(name(key), isText ? (value as string) : JSON.stringify(value), { expiration });
      return {
        get,
        set,
        getMany: async (keys) => (await client.mGet(keys.map(name))).map(read),
        async getOrSet(key) {
          const held = await get(key);
          if (held !== null) return held;
          const made = await load(key);
          await set(key, made);
          return made;
        },
      };
    },
  };
}

export const redisClient = client('redis, the bare client', {}, '');
/** A call to it may wait for ever. */
export const redisUntimed = client(
  'redis, no timeouts',
  { commandOptions: { timeout: 0 } },
  ' without a timeout for each command',
);

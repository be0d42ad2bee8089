import type { SharedPeer } from '../contract.js';

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

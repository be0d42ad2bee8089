import type { SharedPeer } from '../contract.js';

export const memcached: SharedPeer = {
  name: 'memcached',
  package: 'memjs',
  server: 'memcached',
  isAwaited: true,
  setting: "memjs: Client.create('127.0.0.1:port', { expires }); objects as JSON",
  async open({ ports, prefix, ttl, isText }) {
    const { Client } = await import('memjs');
    const expires = ttl / 1000;
    const client = Client.create(`127.0.0.1:${ports.memcached}`, { expires, timeout: 5 });
    const name = (key: string) => `${prefix}:${key}`;
    return {
      async get(key) {
        const text = (await client.get(name(key))).value?.toString();
        return isText || text === undefined ? text : JSON.parse(text);
      },
      set: (key, value) => client.set(name(key), isText ? (value as string) : JSON.stringify(value), { expires }),
    };
  },
};

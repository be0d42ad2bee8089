import type { RedisCacheOptions } from 'locmem';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { conformance } from './conformance.js';
import { once, placeOn, REDIS } from './redis-place.js';

const DATABASES = 1000;
const COMPRESSING: RedisCacheOptions = { serializer: 'json', compression: { algorithm: 'gzip', threshold: 1 } };

needs('redis-server', () => {
  const started = once(() => RedisServer.start({ password: 'secret', settings: { databases: DATABASES } }));
  let places = 0;

  for (const options of [{}, COMPRESSING]) {
    conformance({
      name: `RedisCache, standalone, ${JSON.stringify(options)}`,
      face: 'async',
      capabilities: REDIS,
      async place() {
        const server = await started();
        const database = places++ % DATABASES;
        return placeOn([server], database, { ...options, url: `${server.url}/${database}` });
      },
    });
  }
});

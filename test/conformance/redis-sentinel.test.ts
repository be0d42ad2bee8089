import { needs } from '../servers/needs.js';
import { RedisSentinels } from '../servers/redis-sentinels.js';
import { conformance } from './conformance.js';
import { once, placeOn, REDIS } from './redis-place.js';

needs('redis-server', () => {
  // Nobody is to be taken for dead on a busy machine.
  const started = once(() => RedisSentinels.start({ password: 'secret', downAfter: 60_000 }));
  conformance({
    name: 'RedisCache, sentinel',
    face: 'async',
    capabilities: REDIS,
    async place() {
      const { master, name, urls } = await started();
      return placeOn([master], 0, { urls, sentinel: name });
    },
  });
});

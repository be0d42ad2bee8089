import { needs } from '../servers/needs.js';
import { RedisCluster } from '../servers/redis-cluster.js';
import { conformance } from './conformance.js';
import { once, placeOn, REDIS } from './redis-place.js';

needs('redis-server', () => {
  const started = once(() => RedisCluster.start());
  conformance({
    name: 'RedisCache, cluster',
    face: 'async',
    capabilities: REDIS,
    async place() {
      const { masters, urls } = await started();
      return placeOn(masters, 0, { urls });
    },
  });
});

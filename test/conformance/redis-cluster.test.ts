import { needs } from '../servers/needs.js';
import { RedisCluster } from '../servers/redis-cluster.js';
import { conformance } from './conformance.js';
import { once, placeOn, REDIS } from './redis-place.js';

needs('redis-server', () => {
  // Nobody is to be taken for dead on a busy machine.
  const started = once(() => RedisCluster.start({ settings: { 'cluster-node-timeout': 60_000 } }));
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

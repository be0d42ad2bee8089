import { redisClient, redisUntimed } from './peers/redis.js';
import { redisCache } from './peers/server-cache.js';
import { locmemAlone, sharedAlone, tieredLocmem, tieredShared } from './peers/tiered-cache.js';
import { columnOf } from './rounds.js';
import { AT_ONCE, IN_TURN } from './scenarios/server-calls.js';
import { OBJECT, TEXT } from './scenarios/shared-values.js';
import { GET, GET_OR_SET } from './scenarios/tiered-hit.js';
import { atMost, type Ratio, type Run, ratios, type Verdict } from './verdict.js';

const OVER_CLIENT = 1.15;
const AHEAD_OF_OTHERS = 1.3;
/** What a tier in front may add to a hit there. */
const OVER_NEAR = 1.25;

const CALLS = { 'redis-get': 'get', 'redis-set': 'set', 'redis-get-or-set': 'getOrSet' };

/** With a timeout for each command, as a `RedisCache` has, and without. */
const CLIENTS = [redisClient.name, redisUntimed.name];

/** The goals of caches on a server, and of two tiers. */
export function judgeServers(run: Run): Verdict[] {
  const calls = { ...CALLS, 'redis-get-many': 'getMany(100)' };
  return [
    ...CLIENTS.flatMap((client) =>
      Object.entries(CALLS).map(([scenario, call]) =>
        atMost(OVER_CLIENT, `\`RedisCache\`, \`${call}\`: at most ${OVER_CLIENT} × ${client}`, [
          ...overRedis(run, scenario, (peer) => peer === client),
        ]),
      ),
    ),
    ...Object.entries(calls).map(([scenario, call]) =>
      atMost(
        1 / AHEAD_OF_OTHERS,
        `\`RedisCache\`, \`${call}\`: at least ${AHEAD_OF_OTHERS} × as fast as other caches`,
        [...overRedis(run, scenario, (peer) => !CLIENTS.includes(peer) && peer !== redisCache.name)],
      ),
    ),
    atMost(OVER_NEAR, `\`TieredCache\`, a hit in l1: at most ${OVER_NEAR} × l1 alone`, overNear(run)),
    atMost(
      1 / AHEAD_OF_OTHERS,
      `\`TieredCache\`, a hit in l1: at least ${AHEAD_OF_OTHERS} × as fast as other two tiers`,
      [...overTiers(run)],
    ),
  ];
}

function overRedis(run: Run, scenario: string, isCompared: (peer: string) => boolean): Ratio[] {
  return [TEXT, OBJECT].flatMap((kind) =>
    [IN_TURN, AT_ONCE].flatMap((column) => {
      const figures = columnOf(run.get(scenario), kind.name, column);
      return labelled(ratios(figures, redisCache.name, [...figures.keys()].filter(isCompared)), kind.name, column);
    }),
  );
}

function overNear(run: Run): Ratio[] {
  return tieredRatios(run, [
    [tieredLocmem.name, [locmemAlone.name]],
    [tieredShared.name, [sharedAlone.name]],
  ]);
}

function overTiers(run: Run): Ratio[] {
  const others = (name: string) => !name.startsWith('locmem');
  const named = [...columnOf(run.get('tiered-hit'), TEXT.name, GET).keys()].filter(others);
  return tieredRatios(run, [
    [tieredLocmem.name, named],
    [tieredShared.name, named],
  ]);
}

function tieredRatios(run: Run, pairs: readonly (readonly [own: string, peers: readonly string[]])[]): Ratio[] {
  return [TEXT, OBJECT].flatMap((kind) =>
    [GET, GET_OR_SET].flatMap((column) => {
      const figures = columnOf(run.get('tiered-hit'), kind.name, column);
      return pairs.flatMap(([own, peers]) => labelled(ratios(figures, own, peers), kind.name, column));
    }),
  );
}

function labelled(all: readonly Ratio[], kind: string, column: string): Ratio[] {
  return all.map(({ peer, ratio }) => ({ peer: `${peer} (${kind}, ${column})`, ratio }));
}

import { setImmediate, setTimeout } from 'node:timers/promises';
import { KeyNotFoundError, LocMemCache, RedisCache, SharedCache, TieredCache } from 'locmem';

/** One process of a fleet: does what its parent asks, one thing at a time, and answers. */
export type Order =
  | {
      readonly do: 'watch';
      readonly mine: number;
      readonly writes: number;
      readonly all: number;
      readonly isBusy: boolean;
    }
  | { readonly do: 'stop watching' }
  | { readonly do: 'mix'; readonly seed: number; readonly calls: number }
  | { readonly do: 'hear' }
  | { readonly do: 'compare' }
  | { readonly do: 'close' };

/** Of each key and each of its values, when it was last read, or when its write had returned: nanoseconds. */
export type Times = [key: number, value: number, time: number][];

const [url, location] = process.argv.slice(2) as [string, string | undefined];
const l1 = location === undefined ? new LocMemCache({ maxEntries: 1000 }) : new SharedCache({ location });
const l2 = new RedisCache({ url, commandTimeout: '30s' });
const cache = new TieredCache({ l1, l2 });

const MIXED = 12;
const AT_ONCE = 6;

/** The time of the machine, not of the process. */
const now = () => Number(process.hrtime.bigint());

let isWatching = false;
let watched: Promise<Times> | undefined;

/** Reads what all write, again and again; what it sees, and when. */
async function watch(keys: readonly number[], isBusy: boolean): Promise<Times> {
  const seen = new Map<string, [number, number, number]>();
  while (isWatching) {
    for (const key of keys) {
      const time = now();
      const value = await cache.get<number>(`w${key}`);
      if (value !== undefined) seen.set(`${key} ${value}`, [key, value, time]);
    }
    await (isBusy ? setImmediate() : setTimeout(1));
  }
  return [...seen.values()];
}

async function write(key: number, writes: number): Promise<Times> {
  const times: Times = [];
  for (let value = 1; value <= writes; value++) {
    await cache.set(`w${key}`, value);
    times.push([key, value, now()]);
    await setTimeout(3);
  }
  return times;
}

/** Park and Miller's numbers: the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = (seed % 2_147_483_646) + 1;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

async function mix(seed: number, calls: number): Promise<void> {
  const next = numbers(seed);
  const key = () => `m${next(MIXED)}`;
  const options = () => ({ version: 1 + next(2) });
  const ttl = () => ({ ttl: [20, 500, 60_000][next(3)]!, ...options() });
  const kinds: (() => Promise<unknown>)[] = [
    () => cache.set(key(), next(1e6), ttl()),
    () => cache.set(key(), next(1e6), options()),
    () => cache.add(key(), next(1e6), options()),
    () => cache.get(key(), options()),
    () => cache.get(key(), options()),
    () => cache.get(key()),
    () => cache.getMany([key(), key(), key()], options()),
    () => cache.getOrSet(key(), async () => next(1e6), options()),
    () => cache.delete(key(), options()),
    () => cache.deleteMany([key(), key()], options()),
    () => cache.setMany({ [key()]: next(1e6), [key()]: next(1e6) }, ttl()),
    () => cache.incr(key(), 1 + next(9), options()),
    () => cache.touch(key(), [20, 500, 60_000][next(3)], options()),
    () => cache.incrVersion(key()),
    () => cache.decrVersion(key(), 1, { version: 2 }),
    () => (next(20) === 0 ? cache.clear() : l2.set(key(), next(1e6))),
  ];
  let left = calls;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      try {
        await kinds[next(kinds.length)]!();
      } catch (error) {
        if (!(error instanceof KeyNotFoundError)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** What l1, or the tiers, have, and l2 has not: nothing, once everybody has heard of everything. */
async function compare(): Promise<string[]> {
  const wrong: string[] = [];
  for (let i = 0; i < MIXED; i++) {
    for (const version of [1, 2]) {
      const key = `m${i}`;
      const read = async () => {
        const near = l1.getSync(key, { version });
        const both = await cache.get(key, { version });
        return { near, both, far: await l2.get(key, { version }) };
      };
      const isRight = ({ near, both, far }: Awaited<ReturnType<typeof read>>) =>
        both === far && (near === undefined || near === far);
      let found = await read();
      // It may have expired between two looks.
      if (!isRight(found)) found = await read();
      if (!isRight(found)) wrong.push(`${key} in version ${version}: ${JSON.stringify(found)}`);
    }
  }
  return wrong;
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'watch':
      isWatching = true;
      watched = watch(
        Array.from({ length: order.all }, (_, key) => key),
        order.isBusy,
      );
      return write(order.mine, order.writes);
    case 'stop watching':
      isWatching = false;
      return watched;
    case 'mix':
      return mix(order.seed, order.calls);
    case 'hear':
      // What was told before the answer was sent comes before the answer.
      return cache.has('nothing', { version: 9 });
    case 'compare':
      return compare();
    case 'close':
      await Promise.all([cache.close(), l2.close()]);
      setImmediate().then(() => process.disconnect());
      return undefined;
  }
}

process.on('message', async (order: Order) => {
  try {
    process.send?.({ answer: await obey(order) });
  } catch (error) {
    process.send?.({ error: (error as Error).stack });
  }
});
await cache.has('nothing');
process.send?.({ answer: undefined });

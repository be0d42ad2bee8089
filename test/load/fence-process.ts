/** Loads when it is told to, by a factory that says that it runs, and then waits to be told to end. */
import { setTimeout } from 'node:timers/promises';
import type { LoadContext, LoadOptions } from 'locmem';
import { type Kind, openCache } from './fence-cache.js';

/** How a run comes about; two of those behind say that what is stale is right, or that there is nothing any more. */
export type How = 'getOrSet' | 'getOrSetMany' | 'wrap.refresh' | 'behind' | 'behind, unchanged' | 'behind, gone';

export type Order =
  | { readonly do: 'load'; readonly how: How; readonly key: string; readonly tags?: string[]; readonly late?: string[] }
  | { readonly do: 'end' }
  | { readonly do: 'ask'; readonly key: string }
  | { readonly do: 'get'; readonly key: string };

const [kind, where, keyPrefix] = process.argv.slice(2) as [Kind, string, string?];
const cache = openCache(kind, where, keyPrefix);
let end: (() => void) | undefined;

function say(message: unknown): void {
  process.send!(message);
}

async function load({ how, key, tags = [], late }: Order & { do: 'load' }): Promise<unknown> {
  const options: LoadOptions = { tags, lockTimeout: '1m' };
  const factory = async (context: LoadContext) => {
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    say('running');
    await ended;
    if (late !== undefined) context.tags = late;
    if (how === 'behind, unchanged') return context.unchanged;
    return how === 'behind, gone' ? undefined : 'old';
  };
  if (how === 'getOrSet') return cache.getOrSet(key, factory, options);
  if (how === 'wrap.refresh') {
    let context: LoadContext | undefined;
    return cache.wrap(() => factory(context!), { ...options, key }).refresh();
  }
  if (how === 'getOrSetMany') {
    const loadAll = async (missing: string[], context: LoadContext) => {
      const value = await factory(context);
      return missing.map((one) => [one, value] as const);
    };
    return (await cache.getOrSetMany([key, `${key}:2`], loadAll, { tags })).get(key);
  }
  await cache.getOrSet(key, 'older', { ttl: 1, staleWhileRevalidate: '1h', tags });
  await setTimeout(10);
  await cache.getOrSet(key, factory, { ...options, staleWhileRevalidate: '1h' });
  // To this call it is missing, and so it waits for the run.
  return cache.getOrSet(key, () => 'a run of its own', options);
}

process.on('message', async (order: Order) => {
  if (order.do === 'end') end!();
  else if (order.do === 'get') say({ got: await cache.get(order.key) });
  else if (order.do === 'ask') say({ got: await cache.getOrSet(order.key, () => 'fresh', { lockTimeout: '1m' }) });
  else say({ answer: await load(order) });
});
say('ready');

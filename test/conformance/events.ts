import assert from 'node:assert/strict';
import { type ChannelListener, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe } from 'node:test';
import type { Cache, CacheEvents, LoadContext, LoadEvent, SetEvent, StaleEvent } from 'locmem';
import { gate } from './gate.js';
import { type Subject, spec } from './subject.js';
import { timesOf } from './times.js';
import { until } from './until.js';

type Name = keyof CacheEvents;

const NAMES: readonly Name[] = [
  'locmem:hit',
  'locmem:miss',
  'locmem:stale',
  'locmem:set',
  'locmem:delete',
  'locmem:clear',
  'tracing:locmem:load:start',
  'tracing:locmem:load:end',
  'tracing:locmem:load:asyncStart',
  'tracing:locmem:load:asyncEnd',
  'tracing:locmem:load:error',
];

/** What was told, as `hit get k`, and the events themselves. */
class Heard {
  readonly lines: string[] = [];
  readonly events: unknown[] = [];

  add(name: string, event: { operation: string; key?: string; keys?: string[] }): void {
    const about = event.key ?? event.keys?.join();
    this.lines.push([name.replace(/^(tracing:)?locmem:/, ''), event.operation, ...(about ? [about] : [])].join(' '));
    this.events.push(event);
  }

  /** What was told since the last time. */
  take(): string[] {
    return this.lines.splice(0);
  }

  get last(): unknown {
    return this.events.at(-1);
  }
}

/** What one cache tells while `body` runs: of a tiered one, not what its tiers tell. */
async function listening(cache: Cache, body: (heard: Heard) => Promise<void>): Promise<void> {
  const heard = new Heard();
  const listeners = NAMES.map((name): [Name, ChannelListener] => [
    name,
    (message) => {
      const event = message as LoadEvent;
      if (event.cache === cache) heard.add(name, event as never);
    },
  ]);
  for (const [name, listener] of listeners) subscribe(name, listener);
  try {
    await body(heard);
  } finally {
    for (const [name, listener] of listeners) unsubscribe(name, listener);
  }
}

/** What is told on `node:diagnostics_channel`. */
export function events(subject: Subject): void {
  describe('events', () => {
    loads(subject);
    if (!subject.capabilities.stores) return;
    calls(subject);
    if (subject.capabilities.keepsExtras) staleAnswers(subject);
  });
}

function calls(subject: Subject): void {
  spec(subject, 'each call tells what it did, with its cache, backend and version', async ({ cache }) => {
    await listening(cache, async (heard) => {
      await cache.get('a');
      await cache.set('a', 1, { ttl: 60_000, version: 2 });
      const { ttl, version, alias, cache: teller, backend } = heard.last as SetEvent;
      assert.deepStrictEqual([ttl, version, alias, teller === cache], [60_000, 2, undefined, true]);
      assert.equal(typeof backend, 'string');
      await cache.set('a', 1);
      await cache.get('a');
      assert.equal(await cache.add('a', 2), false);
      assert.equal(await cache.add('b', 2), true);
      assert.deepStrictEqual(heard.take(), ['miss get a', 'set set a', 'set set a', 'hit get a', 'set add b']);
      await cache.setMany({ c: 3, d: 4 });
      await cache.getMany(['c', 'x']);
      await cache.has('c');
      await cache.touch('c');
      await cache.incr('c');
      assert.deepStrictEqual(heard.take().sort(), [
        'hit getMany c',
        'miss getMany x',
        'set setMany c',
        'set setMany d',
      ]);
      await cache.delete('c');
      await cache.delete('c');
      assert.deepStrictEqual(heard.take(), ['delete delete c']);
      await cache.deleteMany(['d', 'x']);
      await cache.clear();
      assert.equal(heard.take().at(-1), 'clear clear');
      await cache.getOrSet('e', 5);
      await cache.getOrSet('e', 5);
      assert.deepStrictEqual(heard.take(), ['miss getOrSet e', 'set getOrSet e', 'hit getOrSet e']);
    });
  });

  spec(subject, 'who listens may use the cache', async ({ cache }) => {
    const answers: Promise<unknown>[] = [];
    let left = 3;
    const listener = () => {
      if (left-- > 0) answers.push(cache.set(`told-${left}`, 1), cache.get('a'));
    };
    subscribe('locmem:set', listener);
    try {
      await cache.set('a', 1);
      await cache.setMany({ b: 2 });
      // On a server one comes after the other, and each brings the next.
      for (const answer of answers) await answer;
    } finally {
      unsubscribe('locmem:set', listener);
    }
    assert.equal(await cache.get('told-0'), 1);
  });

  spec(
    subject,
    'who listens may close the cache: the call ends, and the next is of a closed one',
    async ({ cache }) => {
      const closing: Promise<void>[] = [];
      const listener = () => void closing.push(cache.close());
      subscribe('locmem:set', listener);
      try {
        await cache.set('a', 1);
      } finally {
        unsubscribe('locmem:set', listener);
      }
      await Promise.all(closing);
      await assert.rejects(cache.get('a'), { code: 'ERR_LOCMEM_CLOSED' });
    },
  );
}

function loads(subject: Subject): void {
  const { stores } = subject.capabilities;
  const stored = (call: string, key: string) => (stores ? [`set ${call} ${key}`] : []);

  spec(subject, 'a run tells of its beginning and its end', async ({ cache }) => {
    const end = gate<number>();
    await listening(cache, async (heard) => {
      const value = cache.getOrSet('k', () => end.opened);
      await until(() => heard.lines.includes('load:end getOrSet k'));
      assert.deepStrictEqual(heard.take(), ['miss getOrSet k', 'load:start getOrSet k', 'load:end getOrSet k']);
      const event = heard.last as LoadEvent;
      assert.deepStrictEqual([event.keys, event.version, event.isBehind], [['k'], 1, false]);
      end.open(5);
      assert.equal(await value, 5);
      assert.equal(event.result, 5);
      const settled = ['load:asyncStart getOrSet k', 'load:asyncEnd getOrSet k'];
      assert.deepStrictEqual(heard.take(), [...settled, ...stored('getOrSet', 'k')]);
      await cache.getOrSetMany(['m', 'n'], () => ({ m: 1 }));
      const many = heard.take().filter((line) => line.startsWith('load:'));
      const steps = ['start', 'end', 'asyncStart', 'asyncEnd'];
      assert.deepStrictEqual(
        many,
        steps.map((step) => `load:${step} getOrSetMany m,n`),
      );
      const wrapped = cache.wrap(() => 7, { key: 'w' });
      await wrapped.refresh();
      assert.ok(heard.take().includes('load:start refresh w'));
    });
  });

  spec(subject, 'a run that fails tells why, be it at once, later or too late', async ({ cache }) => {
    await listening(cache, async (heard) => {
      const broken = new Error('broken');
      const throws = () => {
        throw broken;
      };
      for (const factory of [throws, () => Promise.reject(broken)]) {
        await assert.rejects(cache.getOrSet('k', factory), broken);
        assert.ok(heard.take().includes('load:error getOrSet k'));
        assert.equal((heard.last as LoadEvent).error, broken);
      }
      // The timeout of a factory keeps no program alive.
      const awake = setInterval(() => {}, 60_000);
      const late = cache.getOrSet('k', () => new Promise(() => {}), { timeout: 1 });
      await assert.rejects(late, { name: 'LoadTimeoutError' });
      clearInterval(awake);
      assert.equal(heard.lines.at(-1), 'load:error getOrSet k');
      assert.equal(((heard.last as LoadEvent).error as Error).name, 'LoadTimeoutError');
    });
  });

  spec(subject, 'a tracer may run the factory inside of what it likes', async ({ cache }) => {
    const steps: string[] = [];
    const listener = (message: unknown) => {
      const event = message as LoadEvent;
      if (event.cache !== cache) return;
      event.around = (run) => {
        steps.push('in');
        try {
          return run();
        } finally {
          steps.push('out');
        }
      };
    };
    subscribe('tracing:locmem:load:start', listener);
    try {
      const factory = ({ signal }: LoadContext) => {
        steps.push(`factory, ${signal.aborted}`);
        return 1;
      };
      assert.equal(await cache.getOrSet<number>('k', factory), 1);
    } finally {
      unsubscribe('tracing:locmem:load:start', listener);
    }
    assert.deepStrictEqual(steps, ['in', 'factory, false', 'out']);
  });
}

function staleAnswers(subject: Subject): void {
  const { late, second } = timesOf(subject);

  spec(subject, 'a stale answer is told with the option that allowed it, and so is the run behind', async (scene) => {
    const { cache, place } = scene;
    const options = { ttl: second, staleWhileRevalidate: 4 * second };
    await cache.getOrSetMany(['k', 'e'], () => ({ k: 'old', e: 'old' }), options);
    await place.advance(second + late);
    await listening(cache, async (heard) => {
      assert.equal(await cache.getOrSet('k', () => 'new', options), 'old');
      assert.ok(heard.lines.includes('stale getOrSet k'));
      await until(() => heard.lines.includes('set getOrSet k'));
      const told = heard.events.find((event) => 'reason' in (event as object)) as StaleEvent;
      assert.equal(told.reason, 'staleWhileRevalidate');
      const run = heard.events.find((event) => 'isBehind' in (event as object)) as LoadEvent;
      assert.equal(run.isBehind, true);
      heard.events.length = 0;
      const fails = () => Promise.reject(new Error('broken'));
      assert.equal(await cache.getOrSet<unknown>('e', fails, { ttl: second, staleIfError: 4 * second }), 'old');
      assert.equal((heard.last as StaleEvent).reason, 'staleIfError');
    });
  });
}

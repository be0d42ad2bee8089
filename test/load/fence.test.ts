import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Cache } from 'locmem';
import { type ClearsUnder, clearUnder } from '#dist/core/clear-under.js';
import { gatedRun } from '../conformance/gate.js';
import { once } from '../conformance/redis-place.js';
import { MemcachedServer } from '../servers/memcached-server.js';
import { needs } from '../servers/needs.js';
import { RedisServer } from '../servers/redis-server.js';
import { locationApart } from '../shared/tags-apart.js';
import { Child, freshLocation } from '../torture/shared-place.js';
import { type Kind, openCache, SHARED_BYTES } from './fence-cache.js';
import type { How, Order } from './fence-process.js';

/** A test that waits in vain fails. */
const LIMIT = { timeout: 60_000 };

interface Change {
  readonly name: string;
  /** What another process does while the factory runs. */
  readonly change: (cache: Cache, key: string) => Promise<unknown>;
  /** What stands there afterwards. */
  readonly leaves?: unknown;
}

const SET: Change = { name: 'set', change: (cache, key) => cache.set(key, 'new'), leaves: 'new' };
const DELETE: Change = { name: 'delete', change: (cache, key) => cache.delete(key) };
const CLEAR: Change = { name: 'clear', change: (cache) => cache.clear() };
const DELETES: readonly Change[] = [
  DELETE,
  { name: 'deleteMany', change: (cache, key) => cache.deleteMany(['other', key]) },
  CLEAR,
  {
    name: 'emptying a namespace',
    change: async (cache, key) => (cache as Cache & ClearsUnder)[clearUnder](key),
  },
  {
    name: 'decrVersion',
    change: async (cache, key) => {
      await cache.set(key, 'moves', { version: 4 });
      await cache.decrVersion(key, 3, { version: 4 });
    },
    leaves: 'moves',
  },
];
const WRITES: readonly Change[] = [
  SET,
  { name: 'add', change: (cache, key) => cache.add(key, 'new'), leaves: 'new' },
  { name: 'setMany', change: (cache, key) => cache.setMany({ [key]: 'new' }), leaves: 'new' },
  {
    name: 'set, and then delete',
    change: async (cache, key) => {
      await cache.set(key, 'new');
      await cache.delete(key);
    },
  },
  {
    name: 'a refresh',
    change: (cache, key) => cache.wrap(() => 'new', { key }).refresh(),
    leaves: 'new',
  },
];
const TAG: Change = { name: 'deleteTag', change: (cache) => cache.deleteTag('tag') };
/** It is nobody's entry. */
const NOTHING: Change = {
  name: 'set of another key, and deleteTag of another tag',
  change: async (cache, key) => {
    await cache.set(`${key}:other`, 1);
    await cache.delete(`${key}:absent`);
    await cache.deleteTag('another tag');
    await cache.set(key, 1, { version: 9 });
  },
  leaves: 'old',
};

/** Another process, whose factories run as long as it is told. */
class Loader {
  readonly #child: Child;

  constructor(kind: Kind, where: string, ...keyPrefix: string[]) {
    this.#child = new Child('../load/fence-process.js', kind, where, ...keyPrefix);
  }

  async says(what: unknown): Promise<void> {
    assert.deepEqual(await this.#child.next(), what);
  }

  send(order: Order): void {
    this.#child.send(order);
  }

  async got(order: Order): Promise<unknown> {
    const said = this.#child.next();
    this.send(order);
    return ((await said) as { got?: unknown }).got;
  }

  async end(): Promise<void> {
    this.#child.signal('SIGKILL');
    await this.#child.end();
  }
}

/** The loading process, a cache of this one, and where both are. */
type Scene = [Loader, Cache, string];

let count = 0;

/** What those have who waited for the run. */
const ANSWERS: Record<How, unknown> = {
  getOrSet: 'old',
  getOrSetMany: 'old',
  'wrap.refresh': 'old',
  behind: 'old',
  'behind, unchanged': 'older',
  'behind, gone': undefined,
};

/** The run of one process, in the middle of which another makes a change. */
async function overtaken(
  loader: Loader,
  cache: Cache,
  { change, leaves }: Change,
  order: Omit<Order & { do: 'load' }, 'do' | 'key'>,
): Promise<void> {
  const key = `k${++count}`;
  const running = loader.says('running');
  loader.send({ ...order, do: 'load', key });
  await running;
  await change(cache, key);
  const answered = loader.says({ answer: ANSWERS[order.how] });
  loader.send({ do: 'end' });
  await answered;
  assert.equal(await cache.get(key), leaves);
  assert.equal(await loader.got({ do: 'get', key }), leaves);
}

function specs(kind: Kind, where: () => Promise<string>, body: (both: () => Promise<Scene>) => void): void {
  describe(`a run of one process, with ${kind}`, () => {
    const started = once(async () => {
      const at = await where();
      const loader = new Loader(kind, at);
      await loader.says('ready');
      const cache = openCache(kind, at);
      const stop = async () => {
        await cache.close();
        await loader.end();
      };
      return { stop, all: [loader, cache, at] as Scene };
    });
    body(async () => (await started()).all);
  });
}

function overruledBy(both: () => Promise<Scene>, changes: readonly Change[], hows: readonly How[]): void {
  for (const change of changes) {
    for (const how of hows) {
      it(`is overruled by ${change.name} of another, by ${how}`, LIMIT, async () => {
        const [loader, cache] = await both();
        await overtaken(loader, cache, change, { how });
      });
    }
  }
}

function storesOtherwise(both: () => Promise<Scene>, hows: readonly How[]): void {
  for (const how of hows) {
    it(`stores what it made, by ${how}, whatever else another changes`, LIMIT, async () => {
      const [loader, cache] = await both();
      await overtaken(loader, cache, NOTHING, { how });
    });
  }
}

/** A run that has lost its lease, and finds that what was stale is right, or no more. */
function changesNothingOfOthers(both: () => Promise<Scene>): void {
  it('that finds right what is stale does not prolong what another has stored since', LIMIT, async () => {
    const [loader, cache] = await both();
    const change = async (_: Cache, key: string) => {
      await cache.delete(key);
      await cache.getOrSet(key, 'stale, too', { ttl: 1, staleWhileRevalidate: '1h' });
      await setTimeout(10);
    };
    await overtaken(loader, cache, { name: 'delete, and a set', change }, { how: 'behind, unchanged' });
  });

  it('that finds nothing any more removes nothing that another has stored since', LIMIT, async () => {
    const [loader, cache] = await both();
    const change = async (_: Cache, key: string) => {
      await cache.delete(key);
      await cache.set(key, 'new');
    };
    await overtaken(loader, cache, { name: 'delete, and a set', change, leaves: 'new' }, { how: 'behind, gone' });
  });
}

const ALL: readonly How[] = ['getOrSet', 'getOrSetMany', 'wrap.refresh', 'behind'];
const LEASED: readonly How[] = ['getOrSet', 'behind'];

specs(
  'shared',
  async () => locationApart(freshLocation, SHARED_BYTES, ['app:tag', 'app:another tag']),
  (both) => {
    overruledBy(both, [...DELETES, ...WRITES], ALL);
    storesOtherwise(both, ALL);

    for (const how of ['getOrSet', 'getOrSetMany', 'behind'] as const) {
      it(`is overruled by deleteTag of a tag that the call names, by ${how}`, LIMIT, async () => {
        const [loader, cache] = await both();
        await overtaken(loader, cache, TAG, { how, tags: ['other', 'tag'] });
      });

      it(`is overruled by deleteTag of a tag that the factory chooses later, by ${how}`, LIMIT, async () => {
        const [loader, cache] = await both();
        await overtaken(loader, cache, TAG, { how, late: ['tag'] });
        await overtaken(loader, cache, NOTHING, { how, late: ['tag'] });
      });
    }

    it('that finds right what is stale does not prolong what another has written', LIMIT, async () => {
      const [loader, cache] = await both();
      const change = async (_: Cache, key: string) => {
        await cache.getOrSet(key, 'stale, too', { ttl: 1, staleWhileRevalidate: '1h' });
        await setTimeout(10);
      };
      await overtaken(loader, cache, { name: 'set', change }, { how: 'behind, unchanged' });
    });

    it('that finds nothing any more removes nothing that another has written', LIMIT, async () => {
      const [loader, cache] = await both();
      await overtaken(loader, cache, SET, { how: 'behind, gone' });
    });

    it(
      'that waited for another process stores what it makes, whatever was changed while it waited',
      LIMIT,
      async () => {
        const [loader, cache] = await both();
        const run = gatedRun<string>();
        const first = cache.getOrSet('waited', run.factory);
        await run.begun;
        loader.send({ do: 'load', how: 'getOrSet', key: 'waited' });
        // What it is told later is done later.
        assert.equal(await loader.got({ do: 'get', key: 'waited' }), undefined);
        const running = loader.says('running');
        await cache.delete('waited');
        await running;
        run.open('older');
        assert.equal(await first, 'older');
        const answered = loader.says({ answer: 'old' });
        loader.send({ do: 'end' });
        await answered;
        assert.equal(await cache.get('waited'), 'old');
      },
    );

    it('is overruled by who gives the entry another version', LIMIT, async () => {
      const [loader, cache] = await both();
      await cache.set('moved', 'before');
      const running = loader.says('running');
      loader.send({ do: 'load', how: 'wrap.refresh', key: 'moved' });
      await running;
      await cache.incrVersion('moved');
      const answered = loader.says({ answer: 'old' });
      loader.send({ do: 'end' });
      await answered;
      assert.equal(await cache.get('moved'), undefined);
      assert.equal(await cache.get('moved', { version: 2 }), 'before');
    });

    for (const { name, change } of [DELETE, CLEAR, TAG]) {
      it(`is not joined, once it is overruled by ${name}`, LIMIT, async () => {
        const [loader, cache] = await both();
        const key = `k${++count}`;
        const running = loader.says('running');
        loader.send({ do: 'load', how: 'getOrSet', key, tags: ['tag'] });
        await running;
        await change(cache, key);
        assert.equal(await loader.got({ do: 'ask', key }), 'fresh');
        const answered = loader.says({ answer: 'old' });
        loader.send({ do: 'end' });
        await answered;
        assert.equal(await cache.get(key), 'fresh');
      });
    }

    it('is overruled by who clears the whole location, and by nobody who clears another prefix', LIMIT, async () => {
      const [loader, cache, location] = await both();
      const clearing = async (keyPrefix: string) => {
        const other = openCache('shared', location, keyPrefix);
        await other.clear();
        await other.close();
      };
      await overtaken(loader, cache, { name: 'clear', change: () => clearing('') }, { how: 'getOrSet' });
      await overtaken(
        loader,
        cache,
        { name: 'clear', change: () => clearing('other'), leaves: 'old' },
        { how: 'getOrSet' },
      );
    });

    it('is overruled by clear of a prefix whose entries are looked for one by one', LIMIT, async () => {
      const [, , location] = await both();
      const keyPrefix = 'too long for the table'.repeat(5);
      const loader = new Loader('shared', location, keyPrefix);
      await loader.says('ready');
      const cache = openCache('shared', location, keyPrefix);
      await overtaken(loader, cache, { name: 'clear', change: () => cache.clear() }, { how: 'getOrSet' });
      await overtaken(loader, cache, NOTHING, { how: 'getOrSet' });
      await cache.close();
      await loader.end();
    });
  },
);

needs('redis-server', () => {
  const started = once(() => RedisServer.start());
  const where = async () => (await started()).url;
  for (const kind of ['redis', 'tiered'] as const) {
    specs(kind, where, (both) => {
      overruledBy(both, DELETES, LEASED);
      storesOtherwise(both, ALL);
      changesNothingOfOthers(both);
    });
  }
});

needs('memcached', () => {
  const started = once(() => MemcachedServer.start());
  specs(
    'memcached',
    async () => (await started()).url,
    (both) => {
      overruledBy(both, DELETES, LEASED);
      storesOtherwise(both, ALL);
      changesNothingOfOthers(both);
    },
  );
});

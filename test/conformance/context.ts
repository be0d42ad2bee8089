import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Cache, LoadContext, LoadOptions, Ttl } from 'locmem';
import { gate, gatedRun } from './gate.js';
import { type Scene, type Subject, spec, tagSpec } from './subject.js';
import { timesOf } from './times.js';
import { until } from './until.js';

const ARGUMENT_ERROR = { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' };

/** What a factory is told, and what it may say. */
export function context(subject: Subject): void {
  describe('the context of a factory', () => {
    choosing(subject);
    if (subject.face === 'async') stale(subject);
  });
}

function choosing(subject: Subject): void {
  const { late, second } = timesOf(subject);

  spec(subject, 'the factory may choose the ttl by what it loaded', async ({ cache, place }) => {
    const choose = (ttl: Ttl | undefined, value: unknown) => (context: LoadContext) => {
      assert.equal(context.ttl, undefined);
      context.ttl = ttl;
      assert.equal(context.ttl, ttl);
      return value;
    };
    const options = { ttl: 5 * second, negativeTtl: 0 };
    await cache.getOrSet('short', choose(second, 'made'), options);
    await cache.getOrSet('null', choose(second, null), options);
    await cache.getOrSet('own', choose(undefined, 'made'), options);
    await cache.getOrSet('now', choose(0, 'made'), options);
    await cache.getOrSet('forever', choose(null, 'made'), options);
    assert.equal(await cache.get('null'), null);
    assert.equal(await cache.has('now'), false);
    await place.advance(second + late);
    for (const key of ['short', 'null']) assert.equal(await cache.has(key), false);
    for (const key of ['own', 'forever']) assert.equal(await cache.has(key), true);
    await place.advance(4 * second + late);
    assert.equal(await cache.has('own'), false);
    assert.equal(await cache.has('forever'), true);
  });

  tagSpec(
    subject,
    'the factory may choose the tags, in the place of those of the call',
    [':call', ':later', ':mine'],
    async ({ cache }) => {
      const choose = (tags: string[] | undefined) => (context: LoadContext) => {
        assert.equal(context.tags, undefined);
        context.tags = tags;
        tags?.push('later');
        return 'made';
      };
      const options = { tags: ['call'] };
      await cache.getOrSet('chosen', choose(['mine']), options);
      await cache.getOrSet('none', choose([]), options);
      await cache.getOrSet('own', choose(undefined), options);
      await cache.deleteTag('later');
      await cache.deleteTag('call');
      assert.deepStrictEqual([...(await cache.getMany(['chosen', 'none', 'own'])).keys()], ['chosen', 'none']);
      await cache.deleteTag('mine');
      assert.equal(await cache.has('chosen'), false);
    },
  );

  spec(subject, 'what cannot be meant is a TypeError where it is said, and so of the call', async ({ cache }) => {
    const wrong: ((context: LoadContext) => void)[] = [
      (context) => {
        context.ttl = 'soon' as Ttl;
      },
      (context) => {
        context.ttl = Number.NaN;
      },
      (context) => {
        context.tags = 'red' as unknown as string[];
      },
      (context) => {
        context.tags = [''];
      },
    ];
    for (const say of wrong) {
      const factory = (context: LoadContext) => {
        assert.throws(() => say(context), ARGUMENT_ERROR);
        say(context);
      };
      await assert.rejects(cache.getOrSet('k', factory), ARGUMENT_ERROR);
    }
    assert.equal(await cache.has('k'), false);
  });

  spec(subject, 'a first load has nothing stale; to say that it is unchanged is a TypeError', async ({ cache }) => {
    const refused = { ...ARGUMENT_ERROR, message: /'k'.*unchanged/ };
    const factory = (context: LoadContext) => {
      assert.equal(context.stale, undefined);
      return context.unchanged;
    };
    await assert.rejects(cache.getOrSet('k', factory), refused);
    if (subject.face === 'async') await assert.rejects(cache.getOrSet('k', factory, { staleIfError: '1h' }), refused);
    assert.equal(await cache.has('k'), false);
  });
}

function stale(subject: Subject): void {
  const { late, second } = timesOf(subject);
  const sie = { ttl: second, staleIfError: 20 * second };

  /** Stores a value at 'k', and lets it expire. */
  async function age({ cache, place }: Scene, value: unknown = 'old', options: LoadOptions = sie): Promise<void> {
    await cache.getOrSet('k', () => value, options);
    await place.advance(second + late);
    assert.equal(await cache.get('k'), undefined);
  }

  /** What is left at 'k' for calls that take stale values. */
  async function left(cache: Cache): Promise<unknown> {
    return cache
      .getOrSet<unknown>(
        'k',
        () => {
          throw new RangeError('no');
        },
        { staleIfError: null },
      )
      .catch(() => undefined);
  }

  spec(subject, 'the factory is handed what is stale', async (scene) => {
    const { cache } = scene;
    await age(scene, { version: 1 });
    const made = await cache.getOrSet<unknown>('k', ({ stale }: LoadContext) => ({ after: stale }), sie);
    assert.deepStrictEqual(made, { after: { version: 1 } });
    assert.deepStrictEqual(await cache.get('k'), made);
  });

  spec(subject, 'a plain call hands it nothing', async (scene) => {
    const { cache } = scene;
    await age(scene);
    assert.equal(await cache.getOrSet('k', ({ stale }) => `after ${stale}`), 'after undefined');
  });

  spec(subject, 'unchanged: the stale value is handed out, and has its ttl anew', async (scene) => {
    const { cache, place } = scene;
    await age(scene, { version: 1 });
    const run = gate<void>();
    const factory = async ({ unchanged }: LoadContext) => {
      await run.opened;
      return unchanged;
    };
    const waiting = [1, 2].map(() => cache.getOrSet<unknown>('k', factory, { ...sie, ttl: 3 * second }));
    await cache.has('k');
    run.open();
    for (const value of await Promise.all(waiting)) assert.deepStrictEqual(value, { version: 1 });
    assert.deepStrictEqual(await cache.get('k'), { version: 1 });
    await place.advance(2 * second);
    assert.equal(await cache.has('k'), true);
    await place.advance(second + late);
    assert.equal(await cache.has('k'), false);
    assert.deepStrictEqual(await left(cache), { version: 1 });
  });

  spec(subject, 'unchanged behind: an entry that was served stale lives again', async (scene) => {
    const { cache } = scene;
    const swr = { ttl: second, staleWhileRevalidate: 20 * second };
    await age(scene, 'old', swr);
    assert.equal(await cache.getOrSet<unknown>('k', async ({ unchanged }: LoadContext) => unchanged, swr), 'old');
    await until(async () => (await cache.get('k')) === 'old');
  });

  tagSpec(
    subject,
    'unchanged: the entry keeps its tags, unless the factory chooses others',
    [':t', ':u'],
    async (scene) => {
      const { cache } = scene;
      const tagged = { ...sie, tags: ['t'] };
      await age(scene, 'old', tagged);
      await cache.getOrSet<unknown>('k', ({ unchanged }: LoadContext) => unchanged, tagged);
      await cache.deleteTag('t');
      assert.equal(await cache.get('k'), undefined);
      assert.equal(await left(cache), undefined);
      await age(scene, 'old', tagged);
      const choose = (context: LoadContext) => {
        context.tags = ['u'];
        return context.unchanged;
      };
      await cache.getOrSet<unknown>('k', choose, tagged);
      await cache.deleteTag('t');
      assert.equal(await cache.get('k'), 'old');
      await cache.deleteTag('u');
      assert.equal(await cache.get('k'), undefined);
    },
  );

  spec(subject, 'unchanged: a ttl that the factory chooses is that of the entry; of 0, it is gone', async (scene) => {
    const { cache, place } = scene;
    const choose = (ttl: Ttl) => (context: LoadContext) => {
      context.ttl = ttl;
      return context.unchanged;
    };
    await age(scene);
    assert.equal(await cache.getOrSet<unknown>('k', choose(5 * second), sie), 'old');
    await place.advance(4 * second);
    assert.equal(await cache.get('k'), 'old');
    await place.advance(second + late);
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.getOrSet<unknown>('k', choose(0), sie), 'old');
    assert.equal(await left(cache), undefined);
  });

  for (const [name, write] of [
    ['delete', (cache: Cache) => cache.delete('k')],
    ['clear', (cache: Cache) => cache.clear()],
    ['deleteTag', (cache: Cache) => cache.deleteTag('t')],
  ] as const) {
    spec(subject, `unchanged after a ${name} during the run: what is gone stays gone`, async (scene) => {
      const { cache } = scene;
      const tagged = { ...sie, tags: ['t'] };
      await age(scene, 'old', tagged);
      const run = gatedRun<void>();
      const waiting = cache.getOrSet<unknown>(
        'k',
        ({ unchanged }: LoadContext) => run.factory().then(() => unchanged),
        tagged,
      );
      await run.begun;
      await write(cache);
      run.open();
      assert.equal(await waiting, 'old');
      assert.equal(await cache.get('k'), undefined);
      assert.equal(await left(cache), undefined);
    });
  }

  spec(subject, 'unchanged after a set during the run: what was set keeps its own ttl', async (scene) => {
    const { cache, place } = scene;
    await age(scene);
    const run = gatedRun<void>();
    const factory = ({ unchanged }: LoadContext) => run.factory().then(() => unchanged);
    const waiting = cache.getOrSet<unknown>('k', factory, { ...sie, ttl: 9 * second });
    await run.begun;
    await cache.set('k', 'written', 2 * second);
    run.open();
    assert.equal(await waiting, 'old');
    assert.equal(await cache.get('k'), 'written');
    await place.advance(2 * second + late);
    assert.equal(await cache.get('k'), undefined);
  });

  spec(subject, 'a deleteTag during the run of a tag that the factory chooses afterwards wins', async ({ cache }) => {
    const run = gatedRun<string>();
    const choose = async (context: LoadContext) => {
      const made = await run.factory();
      context.tags = ['chosen'];
      return made;
    };
    const waiting = cache.getOrSet('k', choose);
    await run.begun;
    await cache.deleteTag('chosen');
    run.open('made');
    assert.equal(await waiting, 'made');
    assert.equal(await cache.get('k'), undefined);
  });

  spec(subject, 'undefined ends what was stale', async (scene) => {
    const { cache } = scene;
    await age(scene);
    assert.equal(await cache.getOrSet<unknown>('k', () => undefined, sie), undefined);
    assert.equal(await left(cache), undefined);
  });
}

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Cache, LoadOptions } from 'locmem';
import { gatedRun } from './gate.js';
import { type Subject, spec, tagSpec } from './subject.js';
import { timesOf } from './times.js';

const ARGUMENT_ERROR = { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' };

/** What is no list of tags, and what is no tag. */
const WRONG_TAGS: readonly [unknown, RegExp][] = [
  ['red', /tags.*'red'/],
  [null, /tags.*null/],
  [5, /tags.*5/],
  [{ 0: 'red' }, /tags.*\{/],
  [[5], /tag.*5/],
  [[''], /tag.*''/],
  [['red', undefined], /tag.*undefined/],
  [['\ud800'], /tag.*lone surrogate/],
];

/** Text that a tag may be, however odd. */
const ODD_TAGS = ['__proto__', 'constructor', 'two words', ':', 'a:b', '日本', '\0', '{a}', '*', 'long'.repeat(250)];

/** Entries that have names in common, and go together. */
export function tags(subject: Subject): void {
  const { late, second } = timesOf(subject);

  describe('tags', () => {
    spec(subject, 'what cannot be a tag is a TypeError, and nothing is stored', async ({ cache }) => {
      for (const [wrong, shows] of WRONG_TAGS) {
        const options = { tags: wrong } as LoadOptions;
        const refused = { ...ARGUMENT_ERROR, message: shows };
        await assert.rejects(cache.set('k', 1, options), refused);
        await assert.rejects(cache.add('k', 1, options), refused);
        await assert.rejects(cache.setMany({ k: 1 }, options), refused);
        await assert.rejects(
          cache.getOrSet('k', () => assert.fail('the factory ran'), options),
          refused,
        );
        assert.throws(() => cache.wrap(() => 1, { key: 'k', ...options }), refused);
      }
      for (const wrong of ['', 5, undefined, null, ['red'], '\udfff']) {
        await assert.rejects(cache.deleteTag(wrong as string), ARGUMENT_ERROR);
      }
      for (const wrong of ['red', 5, undefined, null, {}, [''], [5], ['red', null]]) {
        await assert.rejects(cache.deleteTags(wrong as string[]), ARGUMENT_ERROR);
      }
      assert.equal(await cache.has('k'), false);
    });

    tagSpec(
      subject,
      'deleteTag deletes every entry with that tag, and no other',
      [':red', ':blue'],
      async ({ cache }) => {
        await cache.set('set', 1, { tags: ['red'] });
        await cache.add('added', 1, { tags: ['blue', 'red'] });
        await cache.setMany({ many: 1, more: 2 }, { tags: ['red', 'red', 'green'] });
        await cache.getOrSet('loaded', () => 1, { tags: ['red'] });
        await cache.getOrSet('value', 1, { tags: ['red'] });
        await cache.wrap(() => 1, { key: 'wrapped', tags: ['red'] })();
        await cache.set('blue', 1, { tags: ['blue'] });
        await cache.set('plain', 1);
        await cache.set('none', 1, { tags: [] });
        assert.equal(await cache.deleteTag('red'), undefined);
        const all = ['set', 'added', 'many', 'more', 'loaded', 'value', 'wrapped', 'blue', 'plain', 'none'];
        assert.deepStrictEqual([...(await cache.getMany(all)).keys()], ['blue', 'plain', 'none']);
      },
    );

    spec(subject, 'what is deleted so is missing to every call', async ({ cache }) => {
      const keys = ['get', 'has', 'delete', 'touch', 'incr', 'move', 'add'];
      for (const key of keys) await cache.set(key, 1, { tags: ['t'] });
      await cache.deleteTag('t');
      assert.equal(await cache.get('get'), undefined);
      assert.equal(await cache.has('has'), false);
      assert.equal(await cache.delete('delete'), false);
      assert.equal(await cache.deleteMany(['delete', 'has']), 0);
      assert.equal(await cache.touch('touch'), false);
      await assert.rejects(cache.incr('incr'), { name: 'KeyNotFoundError' });
      await assert.rejects(cache.incrVersion('move'), { name: 'KeyNotFoundError' });
      assert.equal(await cache.add('add', 2), true);
      assert.equal(await cache.get('add'), 2);
      assert.equal(await cache.getOrSet('get', () => 2), 2);
      if (subject.capabilities.counts === 'store') assert.equal((await cache.stats()).entries, 2);
    });

    tagSpec(
      subject,
      'deleteTags takes several, in any iterable, or none',
      [':a', ':b', ':c', ':unknown'],
      async ({ cache }) => {
        for (const tag of ['a', 'b', 'c']) await cache.set(tag, 1, { tags: [tag] });
        assert.equal(await cache.deleteTags(new Set(['a', 'b'])), undefined);
        await cache.deleteTags([]);
        await cache.deleteTags(['unknown', 'unknown']);
        assert.deepStrictEqual([...(await cache.getMany(['a', 'b', 'c'])).keys()], ['c']);
      },
    );

    spec(subject, 'what is stored after deleteTag is there, however often', async ({ cache }) => {
      for (let round = 0; round < 5; round++) {
        await cache.set('k', round, { tags: ['t'] });
        await cache.deleteTag('t');
        assert.equal(await cache.get('k'), undefined);
        await cache.set('k', `again ${round}`, { tags: ['t'] });
        assert.equal(await cache.get('k'), `again ${round}`);
      }
    });

    tagSpec(subject, 'a set gives the entry the tags that it names, and no others', [':t', ':u'], async ({ cache }) => {
      await cache.set('plain', 1, { tags: ['t'] });
      await cache.set('plain', 2);
      await cache.set('other', 1, { tags: ['t'] });
      await cache.set('other', 2, { tags: ['u'] });
      await cache.deleteTag('t');
      assert.equal(await cache.get('plain'), 2);
      assert.equal(await cache.get('other'), 2);
      await cache.deleteTag('u');
      assert.equal(await cache.get('other'), undefined);
    });

    spec(subject, 'incr, touch and incrVersion keep the tags', async ({ cache }) => {
      await cache.setMany({ incr: 1, touch: 1, move: 1 }, { tags: ['t'] });
      await cache.incr('incr');
      await cache.touch('touch', '1h');
      await cache.incrVersion('move');
      assert.equal(await cache.get('move', { version: 2 }), 1);
      await cache.deleteTag('t');
      assert.equal(await cache.get('incr'), undefined);
      assert.equal(await cache.get('touch'), undefined);
      assert.equal(await cache.get('move', { version: 2 }), undefined);
    });

    spec(subject, 'a tag is one for all versions', async ({ cache }) => {
      for (const version of [1, 2, 3]) await cache.set('k', version, { tags: ['t'], version });
      await cache.deleteTag('t');
      for (const version of [1, 2, 3]) assert.equal(await cache.get('k', { version }), undefined);
    });

    tagSpec(subject, 'tags belong to the prefix', [':t', ':pt', 'p:t', 'pp:t', 'pp:pt'], async ({ cache, place }) => {
      const [p, pp, alsoP] = [
        await place.open({ keyPrefix: 'p' }),
        await place.open({ keyPrefix: 'pp' }),
        await place.open({ keyPrefix: 'p' }),
      ];
      for (const one of [cache, p, pp]) await one.set('k', 1, { tags: ['t', 'pt'] });
      await alsoP.deleteTag('t');
      assert.equal(await p.get('k'), undefined);
      assert.equal(await pp.get('k'), 1);
      assert.equal(await cache.get('k'), 1);
      await cache.deleteTag('t');
      assert.equal(await cache.get('k'), undefined);
      assert.equal(await pp.get('k'), 1);
    });

    tagSpec(
      subject,
      'any text may be a tag',
      ODD_TAGS.map((tag) => `:${tag}`),
      async ({ cache }) => {
        for (const tag of ODD_TAGS) {
          await cache.set('k', 1, { tags: [tag] });
          await cache.set('other', 1, { tags: ODD_TAGS.filter((other) => other !== tag) });
          await cache.deleteTag(tag);
          assert.equal(await cache.get('k'), undefined, tag);
          assert.equal(await cache.get('other'), 1, tag);
        }
      },
    );

    spec(subject, 'an entry keeps its ttl, and its tags', async ({ cache, place }) => {
      await cache.set('short', 1, { ttl: second, tags: ['t'] });
      await cache.set('long', 1, { ttl: 10 * second, tags: ['t'] });
      await place.advance(second + late);
      assert.equal(await cache.has('short'), false);
      assert.equal(await cache.has('long'), true);
      await cache.deleteTag('t');
      assert.equal(await cache.has('long'), false);
    });

    spec(subject, 'clear forgets the entries of all tags', async ({ cache }) => {
      await cache.set('k', 1, { tags: ['t'] });
      await cache.clear();
      await cache.set('k', 2, { tags: ['t'] });
      assert.equal(await cache.get('k'), 2);
      await cache.deleteTag('t');
      assert.equal(await cache.get('k'), undefined);
    });

    spec(subject, 'a tag may have many entries, and an entry many tags', async ({ cache }) => {
      const keys = Array.from({ length: 100 }, (_, i) => `k${i}`);
      await cache.setMany(new Map(keys.map((key) => [key, key])), { tags: ['all'] });
      await cache.set('one', 1, { tags: Array.from({ length: 20 }, (_, i) => `t${i}`) });
      await cache.deleteTag('all');
      assert.equal((await cache.getMany(keys)).size, 0);
      await cache.deleteTag('t13');
      assert.equal(await cache.has('one'), false);
    });

    if (subject.face === 'async') duringRuns(subject);
  });
}

function duringRuns(subject: Subject): void {
  /** Whether what a run makes is stored, if `write` comes in between. */
  async function isStored(cache: Cache, write: () => Promise<unknown>): Promise<boolean> {
    const run = gatedRun<string>();
    const waiting = cache.getOrSet('k', run.factory, { tags: ['t', 'u'] });
    await run.begun;
    await write();
    run.open('made');
    assert.equal(await waiting, 'made');
    return cache.has('k');
  }

  spec(subject, 'deleteTag during a run that is to give the entry this tag wins', async ({ cache, place }) => {
    const other = await place.open();
    assert.equal(await isStored(cache, () => cache.deleteTag('t')), false);
    assert.equal(await isStored(cache, () => other.deleteTags(['x', 'u'])), false);
  });

  spec(subject, 'who asks after the deleteTag begins a new run', async ({ cache }) => {
    const [older, newer] = [gatedRun<string>(), gatedRun<string>()];
    const first = cache.getOrSet('k', older.factory, { tags: ['t'] });
    await older.begun;
    await cache.deleteTag('t');
    const second = cache.getOrSet('k', newer.factory, { tags: ['t'] });
    await newer.begun;
    older.open('older');
    newer.open('newer');
    assert.deepStrictEqual([await first, await second], ['older', 'newer']);
    assert.equal(await cache.get('k'), 'newer');
  });

  for (const [title, deletes] of [
    ['of another tag', (cache: Cache) => cache.deleteTag('x')],
    ['of no tag', (cache: Cache) => cache.deleteTags([])],
  ] as const) {
    tagSpec(subject, `a deleteTag ${title} leaves the run alone`, [':t', ':u', ':x'], async ({ cache }) => {
      assert.equal(await isStored(cache, () => deletes(cache)), true);
    });
  }

  tagSpec(
    subject,
    'a deleteTag under another prefix leaves the run alone',
    [':t', ':u', 'p:t'],
    async ({ cache, place }) => {
      const p = await place.open({ keyPrefix: 'p' });
      assert.equal(await isStored(cache, () => p.deleteTag('t')), true);
    },
  );
}

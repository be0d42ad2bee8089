import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { cached, type LoadContext, type StandardSchema } from 'locmem';
import { gate } from './gate.js';
import { type Subject, spec } from './subject.js';
import { timesOf } from './times.js';
import { until } from './until.js';

const ARGUMENT_ERROR = { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' };

function schemaOf(validate: StandardSchema['~standard']['validate']): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

/** Takes users of today: `{ name }`. */
const users = schemaOf((value) => {
  const isUser = typeof (value as { name?: unknown } | null)?.name === 'string';
  return isUser ? { value } : { issues: [{ message: 'no user' }] };
});
const usersLater = schemaOf(async (value) => users['~standard'].validate(value));

const TODAY = { name: 'Ada' };
/** As another release wrote them. */
const FORMER = { firstName: 'Ada' };

/** Values that a schema refuses are none, where they come from outside of the process. */
export function schemas(subject: Subject): void {
  const { readsFromOutside, stores } = subject.capabilities;

  describe('schemas', () => {
    spec(subject, 'what is no Standard Schema is a TypeError', async ({ cache }) => {
      for (const schema of [5, null, 'users', {}, () => true, { '~standard': { version: 1 } }]) {
        const options = { schema: schema as never };
        const refused = { ...ARGUMENT_ERROR, message: /schema is a Standard Schema/ };
        await assert.rejects(
          cache.getOrSet('k', () => assert.fail('the factory ran'), options),
          refused,
        );
        await assert.rejects(
          cache.getOrSetMany(['k'], () => assert.fail('the loader ran'), options),
          refused,
        );
        assert.throws(() => cache.wrap(() => 1, { key: 'k', ...options }), refused);
      }
      await assert.rejects(cache.set('k', 1, { schema: users } as never), ARGUMENT_ERROR);
    });

    spec(subject, 'what the factory makes here is not looked at', async ({ cache }) => {
      assert.deepStrictEqual(await cache.getOrSet<object>('k', () => FORMER, { schema: users }), FORMER);
      const many = await cache.getOrSetMany<object>(['l'], () => ({ l: FORMER }), { schema: users });
      assert.deepStrictEqual(many.get('l'), FORMER);
    });

    if (stores) checking(subject);
    if (stores && subject.face === 'async') later(subject);
    if (subject.capabilities.keepsExtras && subject.face === 'async') recalling(subject);
    if (stores && subject.face === 'sync' && readsFromOutside) {
      spec(subject, 'a schema that answers later is a TypeError', async ({ cache }) => {
        await cache.set('k', TODAY);
        const refused = { ...ARGUMENT_ERROR, message: /schema that answers at once/ };
        await assert.rejects(
          cache.getOrSet('k', () => TODAY, { schema: usersLater }),
          refused,
        );
        await assert.rejects(
          cache.getOrSetMany(['k'], () => ({}), { schema: usersLater }),
          refused,
        );
      });
    }
  });
}

function checking(subject: Subject): void {
  const { readsFromOutside, counts } = subject.capabilities;
  const answer = readsFromOutside ? TODAY : FORMER;

  spec(subject, 'what the schema takes is a hit, as it was stored', async ({ cache }) => {
    const stored = { ...TODAY, born: 1815 };
    await cache.set('k', stored);
    const notRun = () => assert.fail('the factory ran');
    assert.deepStrictEqual(await cache.getOrSet<object>('k', notRun, { schema: users }), stored);
    const many = await cache.getOrSetMany<object>(['k'], notRun, { schema: users });
    assert.deepStrictEqual([...many], [['k', stored]]);
    assert.equal((await cache.stats()).invalid, undefined);
  });

  spec(subject, 'what it refuses is a miss where it comes from outside, and is replaced', async ({ cache }) => {
    for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, FORMER);
    const before = await cache.stats();
    const options = { schema: users };
    assert.deepStrictEqual(await cache.getOrSet<object>('a', () => TODAY, options), answer);
    assert.deepStrictEqual(await cache.getOrSet<object>('b', TODAY, options), answer);
    const wrapped = cache.wrap((): object => TODAY, { key: 'c', ...options });
    assert.deepStrictEqual(await wrapped(), answer);
    const many = await cache.getOrSetMany<object>(
      ['d', 'e', 'a'],
      (keys) => Object.fromEntries(keys.map((key) => [key, TODAY])),
      options,
    );
    assert.deepStrictEqual(
      [...many],
      [
        ['d', answer],
        ['e', TODAY],
        ['a', answer],
      ],
    );
    for (const key of ['a', 'b', 'c', 'd']) assert.deepStrictEqual(await cache.get(key), answer);
    if (counts === 'nothing') return;
    const { hits, misses, invalid } = await cache.stats();
    const [refused, isHit] = readsFromOutside ? [4, 0] : [undefined, 4];
    // What get and getOrSetMany found, and what they did not, besides.
    assert.deepStrictEqual(
      { hits: hits! - before.hits!, misses: misses! - before.misses!, invalid },
      { hits: 5 + isHit, misses: 1 + (refused ?? 0), invalid: refused },
    );
  });

  spec(subject, 'a method that is cached takes a schema, too', async ({ cache }) => {
    class Users {
      @cached({ cache, key: 'k', schema: users })
      async find(): Promise<object> {
        return TODAY;
      }
    }
    await cache.set('k', FORMER);
    assert.deepStrictEqual(await new Users().find(), answer);
  });
}

/** What is stale, or may be made anew early, is looked at like what is neither. */
function recalling(subject: Subject): void {
  const { readsFromOutside, counts } = subject.capabilities;
  const { late, second } = timesOf(subject);

  for (const [when, schema] of [
    ['at once', users],
    ['later', usersLater],
  ] as const) {
    const options = { ttl: second, staleWhileRevalidate: 4 * second, staleIfError: 4 * second, schema };

    spec(subject, `a stale value that the schema refuses ${when} is none`, async ({ cache, place }) => {
      await cache.getOrSet<object>('k', () => FORMER, options);
      await place.advance(second + late);
      const before = await cache.stats();
      const factory = ({ stale }: LoadContext) => ({ ...TODAY, stale });
      const refused = { ...TODAY, stale: undefined };
      const answer = await cache.getOrSet<object>('k', factory, options);
      assert.deepStrictEqual(answer, readsFromOutside ? refused : FORMER);
      const made = readsFromOutside ? refused : { ...TODAY, stale: FORMER };
      await until(async () => (await cache.get<object>('k')) !== undefined);
      assert.deepStrictEqual(await cache.get('k'), made);
      if (!readsFromOutside || counts === 'nothing') return;
      const { hits, misses, invalid } = await cache.stats();
      assert.deepStrictEqual([hits! - before.hits!, misses! - before.misses!, invalid], [2, 1, 1]);
    });

    spec(subject, `so is one that lives and is refused ${when}; what it takes is served`, async ({ cache, place }) => {
      await cache.setMany({ former: FORMER, today: TODAY }, '1h');
      const before = await cache.stats();
      const made = { name: 'Grace' };
      const answer = readsFromOutside ? made : FORMER;
      assert.deepStrictEqual(await cache.getOrSet<object>('former', () => made, options), answer);
      assert.deepStrictEqual(await cache.getOrSet<object>('today', () => assert.fail('ran'), options), TODAY);
      if (counts !== 'nothing') {
        const { hits, misses, invalid } = await cache.stats();
        const [isHit, refused] = readsFromOutside ? [0, 1] : [1, undefined];
        assert.deepStrictEqual(
          [hits! - before.hits!, misses! - before.misses!, invalid],
          [1 + isHit, refused ?? 0, refused],
        );
      }
      await cache.getOrSet<object>('old', () => TODAY, options);
      await place.advance(second + late);
      assert.deepStrictEqual(await cache.getOrSet<object>('old', () => made, options), TODAY);
      await until(async () => (await cache.get<object>('old')) !== undefined);
      assert.deepStrictEqual(await cache.get('old'), made);
    });
  }

  if (!readsFromOutside) return;

  spec(subject, 'what is deleted while the schema thinks of it is not stale any more', async ({ cache, place }) => {
    const [asked, thinking] = [gate<void>(), gate<object>()];
    const schema = schemaOf(() => {
      asked.open();
      return thinking.opened;
    });
    const options = { ttl: second, staleWhileRevalidate: 4 * second };
    await cache.getOrSet<object>('k', () => TODAY, options);
    await place.advance(second + late);
    const waiting = cache.getOrSet<object>('k', ({ stale }) => ({ stale }), { ...options, schema });
    await asked.opened;
    await cache.delete('k');
    thinking.open({ value: TODAY });
    assert.deepStrictEqual(await waiting, { stale: undefined });
  });
}

function later(subject: Subject): void {
  const { readsFromOutside } = subject.capabilities;

  spec(subject, 'a schema may answer later', async ({ cache }) => {
    await cache.setMany({ today: TODAY, former: FORMER });
    const options = { schema: usersLater };
    const made = { name: 'Grace' };
    const answer = readsFromOutside ? made : FORMER;
    assert.deepStrictEqual(await cache.getOrSet<object>('today', () => made, options), TODAY);
    assert.deepStrictEqual(await cache.getOrSet<object>('former', () => made, options), answer);
    await cache.set('former', FORMER);
    const load = () => ({ former: made });
    const many = await cache.getOrSetMany<object>(['former', 'today'], load, options);
    assert.deepStrictEqual([...many.values()], [answer, TODAY]);
  });

  if (!readsFromOutside) return;

  spec(subject, 'a schema that fails rejects the call', async ({ cache }) => {
    await cache.set('k', TODAY);
    for (const schema of [
      schemaOf(() => {
        throw new RangeError('the schema is broken');
      }),
      schemaOf(async () => {
        throw new RangeError('the schema is broken');
      }),
    ]) {
      await assert.rejects(
        cache.getOrSet('k', () => TODAY, { schema }),
        RangeError,
      );
      await assert.rejects(
        cache.getOrSetMany(['k'], () => ({}), { schema }),
        RangeError,
      );
    }
    assert.deepStrictEqual(await cache.get('k'), TODAY);
  });

  spec(subject, 'who leaves while the schema thinks has the reason at once', async ({ cache }) => {
    await cache.set('k', TODAY);
    const asked = gate<void>();
    const thinking = gate<object>();
    const schema = schemaOf(() => {
      asked.open();
      return thinking.opened;
    });
    const controller = new AbortController();
    const waiting = cache.getOrSet('k', () => assert.fail('the factory ran'), { schema, signal: controller.signal });
    await asked.opened;
    controller.abort('enough');
    await assert.rejects(waiting, (error) => error === 'enough');
    thinking.open({ issues: [] });
  });
}

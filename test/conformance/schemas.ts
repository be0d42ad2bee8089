import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { cached, type StandardSchema } from 'locmem';
import { gate } from './gate.js';
import { type Subject, spec } from './subject.js';

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

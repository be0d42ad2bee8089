import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { type Cache, cached } from 'locmem';
import { gatedRun } from './gate.js';
import { type Subject, spec } from './subject.js';

/** Functions and methods that answer through a cache: how their keys are made, forgotten and loaded anew. */
export function wrapped(subject: Subject): void {
  const { stores } = subject.capabilities;

  describe('wrapped functions', () => {
    spec(subject, 'without a key, an argument that is no plain data rejects and says what to do', async ({ cache }) => {
      const fn = cache.wrap(function load(_: unknown) {
        return 1;
      });
      for (const argument of [() => 1, new URL('http://localhost')]) {
        const refused = { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT', message: /Pass `key`/ };
        await assert.rejects(fn(argument), refused);
        await assert.rejects(fn.invalidate(argument), refused);
        await assert.rejects(fn.refresh(argument), refused);
      }
    });

    spec(subject, 'refresh has a value of its own, and the error of the function', async ({ cache }) => {
      let runs = 0;
      const fn = cache.wrap(async function load(fails: boolean) {
        if (fails) throw new RangeError('no');
        return { run: ++runs };
      });
      assert.deepStrictEqual([await fn.refresh(false), await fn.refresh(false)], [{ run: 1 }, { run: 2 }]);
      await assert.rejects(fn.refresh(true), RangeError);
    });

    spec(
      subject,
      'this is handed on, and not the wrapped function where it stands before the dot',
      async ({ cache }) => {
        const counter = {
          base: 100,
          add: cache.wrap(
            function (this: { base: number } | undefined, n: number) {
              return (this?.base ?? 0) + n;
            },
            {
              key(this: { base: number } | undefined, n: number) {
                return `${this?.base}+${n}`;
              },
            },
          ),
        };
        assert.equal(await counter.add(1), 101);
        assert.equal(await counter.add.refresh.call(counter, 2), 102);
        assert.equal(await (counter.add.refresh as (n: number) => Promise<number>)(3), 3);
        if (stores) assert.equal(await cache.get('100+2'), 102);
        assert.equal(await counter.add.invalidate.call(counter, 1), stores);
        const own = cache.wrap(
          function (this: unknown) {
            return this === undefined;
          },
          { key: 'own' },
        );
        assert.equal(await own.refresh(), true);
      },
    );

    if (subject.face === 'async') {
      spec(subject, 'refresh during a run: who waits has what it loads, and it is not stored', async ({ cache }) => {
        const [older, newer] = [gatedRun<string>(), gatedRun<string>()];
        let runs = 0;
        const fn = cache.wrap(() => (runs++ === 0 ? older : newer).factory(), { key: 'k' });
        const first = fn();
        await older.begun;
        const second = fn.refresh();
        await newer.begun;
        const third = fn();
        older.open('older');
        assert.equal(await first, 'older');
        assert.equal(await cache.has('k'), false);
        newer.open('newer');
        assert.deepStrictEqual([await second, await third], ['newer', 'newer']);
        assert.equal(runs, 2);
        if (stores) assert.equal(await cache.get('k'), 'newer');
      });

      spec(subject, 'refresh takes the options of wrap', async ({ cache }) => {
        const controller = new AbortController();
        const fn = cache.wrap(() => 1, { key: 'k', signal: controller.signal });
        assert.equal(await fn.refresh(), 1);
        controller.abort('closed');
        await assert.rejects(fn.refresh(), (error) => error === 'closed');
        await assert.rejects(fn(), (error) => error === 'closed');
      });
    }

    spec(subject, 'after close they reject', async ({ cache }) => {
      const fn = cache.wrap(function load() {
        return 1;
      });
      await cache.close();
      const closed = { code: 'ERR_LOCMEM_CLOSED' };
      await assert.rejects(fn(), closed);
      await assert.rejects(fn.refresh(), closed);
      await assert.rejects(fn.invalidate(), closed);
    });

    if (stores) keeping(subject);
  });

  describe('@cached', () => {
    methods(subject);
  });
}

function keeping(subject: Subject): void {
  /** A function that counts its runs. */
  function counting(cache: Cache) {
    let runs = 0;
    return cache.wrap(async function load(..._: unknown[]) {
      return ++runs;
    });
  }

  spec(subject, 'without a key, calls with equal arguments are one', async ({ cache }) => {
    const load = counting(cache);
    const different = [
      [],
      [1],
      ['1'],
      [1n],
      [-0],
      [0],
      [undefined],
      [null],
      [[]],
      [{}],
      [{ a: 1, b: 2 }],
      [new Date(0)],
    ];
    for (const [i, args] of different.entries()) assert.equal(await load(...args), i + 1);
    for (const [i, args] of different.entries()) assert.equal(await load(...args), i + 1);
    assert.equal(await load({ b: 2, a: 1 }), 11);
    assert.equal(await cache.get('load(1)'), 2);
    assert.equal(await load('a text, with spaces'), 13);
    assert.equal(await load('a text, with spaces'), 13);
  });

  spec(subject, 'invalidate forgets one call, and says whether there was one', async ({ cache }) => {
    const load = counting(cache);
    assert.deepStrictEqual([await load(1), await load(2)], [1, 2]);
    assert.equal(await load.invalidate(1), true);
    assert.equal(await load.invalidate(1), false);
    assert.deepStrictEqual([await load(1), await load(2)], [3, 2]);
  });

  spec(subject, 'refresh loads anew, stores and returns it', async ({ cache }) => {
    const load = counting(cache);
    assert.equal(await load(1), 1);
    assert.equal(await load.refresh(1), 2);
    assert.equal(await load(1), 2);
    assert.equal(await load.refresh(2), 3);
    assert.equal(await load(2), 3);
  });

  spec(subject, 'they use the version of wrap', async ({ cache }) => {
    let runs = 0;
    const load = cache.wrap(() => ++runs, { key: 'k', version: 2 });
    await load.refresh();
    assert.equal(await cache.get('k'), undefined);
    assert.equal(await cache.get('k', { version: 2 }), 1);
    assert.equal(await load.invalidate(), true);
    assert.equal(await cache.has('k', { version: 2 }), false);
  });

  spec(subject, 'a refresh that fails leaves what was there; one that finds nothing removes it', async ({ cache }) => {
    let answer: () => number | undefined = () => 1;
    const load = cache.wrap(() => answer(), { key: 'k' });
    assert.equal(await load(), 1);
    answer = () => {
      throw new RangeError('no');
    };
    await assert.rejects(load.refresh(), RangeError);
    assert.equal(await load(), 1);
    answer = () => undefined;
    assert.equal(await load.refresh(), undefined);
    assert.equal(await cache.has('k'), false);
  });
}

function methods(subject: Subject): void {
  const { stores } = subject.capabilities;

  spec(subject, 'a method answers through the cache, with its this', async ({ cache }) => {
    class Users {
      runs = 0;
      constructor(readonly base: number) {}

      @cached({ cache })
      async find(id: number): Promise<number> {
        this.runs++;
        return this.base + id;
      }

      @cached({ cache, key: (id: number) => `user:${id}`, ttl: '5m' })
      async findOne(id: number, _full?: boolean): Promise<number> {
        return this.base + id;
      }

      @cached({ cache, key: 'all' })
      static async all(): Promise<string> {
        // biome-ignore lint/complexity/noThisInStatic: it is what is tested
        return this.name;
      }

      @cached({ cache })
      static async each(n: number): Promise<string> {
        // biome-ignore lint/complexity/noThisInStatic: it is what is tested
        return this.name.repeat(n);
      }
    }
    const users = new Users(100);
    assert.deepStrictEqual([await users.find(1), await users.find(1), await users.find(2)], [101, 101, 102]);
    assert.equal(users.runs, stores ? 2 : 3);
    assert.equal(await users.findOne(7), 107);
    assert.deepStrictEqual([await Users.all(), await Users.each(2)], ['Users', 'UsersUsers']);
    assert.deepStrictEqual([users.find.name, users.find.length], ['find', 1]);
    if (!stores) return;
    assert.deepStrictEqual(
      [...(await cache.getMany(['Users.find(1)', 'user:7', 'all', 'Users.each(2)'])).values()],
      [101, 107, 'Users', 'UsersUsers'],
    );
  });

  spec(subject, 'classes with a method of one name have keys of their own', async ({ cache }) => {
    class One {
      @cached({ cache })
      async find(id: number) {
        return `one ${id}`;
      }
    }
    class Other {
      @cached({ cache })
      async find(id: number) {
        return `other ${id}`;
      }
    }
    assert.deepStrictEqual([await new One().find(1), await new Other().find(1)], ['one 1', 'other 1']);
  });

  spec(subject, 'what cannot be meant is a TypeError when the class is defined', async ({ cache }) => {
    const refused = { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' };
    const define = (options: object) => {
      class Users {
        @cached(options as { cache: Cache })
        async find(id: number) {
          return id;
        }
      }
      return Users;
    };
    assert.throws(() => define({}), { ...refused, message: /takes a cache/ });
    assert.throws(() => define({ cache: 5 }), { ...refused, message: /takes a cache; got 5/ });
    assert.throws(() => define({ cache, ttl: 'soon' }), { ...refused, message: /'soon'/ });
    assert.throws(() => define({ cache, tll: 5 }), { ...refused, message: /Did you mean 'ttl'/ });
    assert.throws(() => define({ cache, key: 5 }), refused);
    const legacy = cached({ cache }) as unknown as (target: object, name: string, descriptor: object) => unknown;
    assert.throws(() => legacy({}, 'find', {}), { ...refused, message: /turn off experimentalDecorators/ });
  });
}

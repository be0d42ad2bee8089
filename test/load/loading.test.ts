import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { LocMemCache } from 'locmem';
import { runProgram } from '../child-program.js';
import { gate } from '../conformance/gate.js';

describe('the sync face beside runs', () => {
  it('getOrSetSync of a promise is an UncacheableValueError', () => {
    const cache = new LocMemCache();
    assert.throws(() => cache.getOrSetSync('k', () => Promise.resolve(1)), { name: 'UncacheableValueError' });
    assert.equal(cache.hasSync('k'), false);
  });

  it('a sync factory that asks for its own key is a RecursiveLoadError, and the key can be loaded afterwards', () => {
    const cache = new LocMemCache();
    const ask = (): number => cache.getOrSetSync('k', ask);
    assert.throws(() => cache.getOrSetSync('k', ask), { name: 'RecursiveLoadError', message: /'k'/ });
    assert.equal(
      cache.getOrSetSync('k', () => 1),
      1,
    );
  });

  it('recursion over other keys and versions is fine', () => {
    const cache = new LocMemCache();
    const factorial = (n: number): number => cache.getOrSetSync(`${n}!`, () => (n < 2 ? 1 : n * factorial(n - 1)));
    assert.equal(factorial(10), 3_628_800);
    assert.equal(cache.getSync('9!'), 362_880);
    assert.equal(
      cache.getOrSetSync('k', () => cache.getOrSetSync('k', () => 2, { version: 2 })),
      2,
    );
  });

  it('a factory of the async face may not ask for its key through the sync one either', async () => {
    const cache = new LocMemCache();
    const ask = () => cache.getOrSetSync('k', () => 1);
    await assert.rejects(cache.getOrSet('k', ask), { name: 'RecursiveLoadError' });
  });

  it('a sync load during a run does not wait for it, and wins', async () => {
    const cache = new LocMemCache();
    const run = gate<string>();
    const waiting = cache.getOrSet('k', () => run.opened);
    assert.equal(
      cache.getOrSetSync('k', () => 'sync'),
      'sync',
    );
    run.open('async');
    assert.equal(await waiting, 'async');
    assert.equal(cache.getSync('k'), 'sync');
  });
});

describe('caches at one location', () => {
  it('share a run, until the location is freed', async () => {
    const [one, two] = [new LocMemCache({ location: 'runs' }), new LocMemCache({ location: 'runs' })];
    const run = gate<string>();
    const waiting = [one.getOrSet('k', () => run.opened), two.getOrSet('k', () => 'not run')];
    one.closeSync();
    two.closeSync();
    const three = new LocMemCache({ location: 'runs' });
    assert.equal(await three.getOrSet('k', () => 'anew'), 'anew');
    run.open('old');
    assert.deepStrictEqual(await Promise.all(waiting), ['old', 'old']);
    assert.equal(three.getSync('k'), 'anew');
    three.closeSync();
  });

  it('with other prefixes do not disturb a run by clearing theirs', async () => {
    const options = { location: 'runs' };
    const [p, pp, all] = ['p', 'pp', ''].map((keyPrefix) => new LocMemCache({ ...options, keyPrefix }));
    const [first, second] = [gate<number>(), gate<number>()];
    const waiting = [p!.getOrSet('k', () => first.opened), pp!.getOrSet('k', () => second.opened)];
    p!.clearSync();
    first.open(1);
    second.open(2);
    assert.deepStrictEqual(await Promise.all(waiting), [1, 2]);
    assert.deepStrictEqual([p!.hasSync('k'), pp!.getSync('k')], [false, 2]);
    const third = gate<number>();
    const last = p!.getOrSet('k', () => third.opened);
    all!.clearSync();
    third.open(3);
    assert.equal(await last, 3);
    assert.equal(p!.hasSync('k'), false);
    for (const cache of [p, pp, all]) cache!.closeSync();
  });

  it('with other prefixes and key functions do not disturb a run by clearing theirs, either', async () => {
    const keyFunction = (key: string) => key;
    const [a, b] = ['a', 'b'].map((keyPrefix) => new LocMemCache({ location: 'runs', keyPrefix, keyFunction }));
    const [first, second] = [gate<number>(), gate<number>()];
    const waiting = [a!.getOrSet('of a', () => first.opened), b!.getOrSet('of b', () => second.opened)];
    a!.clearSync();
    first.open(1);
    second.open(2);
    assert.deepStrictEqual(await Promise.all(waiting), [1, 2]);
    assert.deepStrictEqual([a!.hasSync('of a'), b!.getSync('of b')], [false, 2]);
    for (const cache of [a, b]) cache!.closeSync();
  });

  it('hand a run on when its cache closes: the value is stored under the same prefix and key function', async () => {
    for (const options of [{}, { keyPrefix: 'p' }, { keyPrefix: 'p', keyFunction: (key: string) => `of ${key}` }]) {
      const [one, two] = [1, 2].map(() => new LocMemCache({ location: 'runs', ...options }));
      const run = gate<string>();
      const waiting = [one!.getOrSet('k', () => run.opened), two!.getOrSet('k', () => 'not run')];
      one!.closeSync();
      run.open('made');
      assert.deepStrictEqual(await Promise.all(waiting), ['made', 'made']);
      assert.equal(two!.getSync('k'), 'made');
      two!.closeSync();
    }
  });

  it('that are all closed store nothing of a run, and its callers have their value', async () => {
    const [one, two] = [1, 2].map(() => new LocMemCache({ location: 'runs' }));
    const alone = new LocMemCache();
    const run = gate<object>();
    const waiting = [one, two, alone].map((cache) => cache!.getOrSet('k', () => run.opened));
    for (const cache of [one, two, alone]) cache!.closeSync();
    run.open({ made: true });
    assert.deepStrictEqual(await Promise.all(waiting), [{ made: true }, { made: true }, { made: true }]);
  });
});

describe('failures', () => {
  it('that callers handle are not unhandled anywhere else', async () => {
    const { stdout, stderr, exit } = await runProgram(`
      import { cache } from 'locmem';
      process.on('unhandledRejection', (reason) => console.log('unhandled', reason));
      const failing = async () => { throw new Error('no'); };
      const throwing = () => { throw new Error('no'); };
      for (const factory of [failing, throwing]) {
        const waiting = [1, 2, 3].map(() => cache.getOrSet('k', factory));
        console.log((await Promise.allSettled(waiting)).map(({ status }) => status).join());
        await cache.getOrSet('k', factory).catch(() => {});
        cache.wrap(factory, { key: 'w' })().catch(() => {});
      }
      cache.getOrSet(5, failing).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
    `);
    assert.equal(exit, 0, stderr);
    assert.equal(stdout, 'rejected,rejected,rejected\nrejected,rejected,rejected\n');
  });

  it('of one run do not outlive it', async () => {
    const cache = new LocMemCache();
    for (let i = 0; i < 3; i++) {
      await assert.rejects(
        cache.getOrSet('k', async () => Promise.reject(new Error(`${i}`))),
        { message: `${i}` },
      );
      await turn();
    }
    assert.equal(await cache.getOrSet('k', () => 'made'), 'made');
  });
});

describe('a run', () => {
  it('begins in the call itself, before anything else can happen', () => {
    const cache = new LocMemCache();
    let began = false;
    void cache.getOrSet('k', () => {
      began = true;
      return 1;
    });
    assert.equal(began, true);
  });

  it('lives as long as its ttl says from when it ends, not from when it began', async () => {
    let now = 0;
    const cache = new LocMemCache({ clock: { now: () => now } });
    const run = gate<string>();
    const waiting = cache.getOrSet('k', () => run.opened, 1000);
    now = 5000;
    run.open('made');
    await waiting;
    now = 5999;
    assert.equal(cache.getSync('k'), 'made');
    now = 6000;
    assert.equal(cache.hasSync('k'), false);
  });

  it('counts one miss for each caller, and one set', async () => {
    const cache = new LocMemCache();
    const run = gate<string>();
    const waiting = [1, 2, 3].map(() => cache.getOrSet('k', () => run.opened));
    run.open('made');
    await Promise.all(waiting);
    const { hits, misses, sets } = cache.statsSync();
    assert.deepStrictEqual({ hits, misses, sets }, { hits: 0, misses: 3, sets: 1 });
  });
});

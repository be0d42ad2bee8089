import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Cache } from 'locmem';
import { type Subject, spec } from './subject.js';

/** A wrong call: what its error must show. All are `TypeError`s with the code of a wrong argument. */
type WrongCall = readonly [title: string, call: (cache: Cache) => Promise<unknown>, shows: RegExp];

const wrong = <T>(value: unknown): T => value as T;

const KEYS: readonly [unknown, RegExp][] = [
  [5, /\b5\b.*number/],
  [undefined, /undefined/],
  [null, /null/],
  [true, /true/],
  [{ id: 1 }, /id: 1/],
  [['k'], /'k'/],
  [Symbol('s'), /Symbol\(s\)/],
  [7n, /7n/],
  ['', /empty/],
];

/** Each call that takes a key. */
export const CALLS_WITH_KEY: Record<string, (cache: Cache, key: string) => Promise<unknown>> = {
  get: (cache, key) => cache.get(key),
  'get with options': (cache, key) => cache.get(key, { default: 1, version: 2 }),
  set: (cache, key) => cache.set(key, 1),
  add: (cache, key) => cache.add(key, 1),
  getOrSet: (cache, key) => cache.getOrSet(key, () => 1),
  'getOrSet of a value': (cache, key) => cache.getOrSet(key, 1),
  getMany: (cache, key) => cache.getMany(['kept', key]),
  setMany: (cache, key) =>
    cache.setMany([
      ['k', 1],
      [key, 1],
    ]),
  has: (cache, key) => cache.has(key),
  delete: (cache, key) => cache.delete(key),
  deleteMany: (cache, key) => cache.deleteMany(['kept', key]),
  touch: (cache, key) => cache.touch(key),
  incr: (cache, key) => cache.incr(key),
  decr: (cache, key) => cache.decr(key),
  incrVersion: (cache, key) => cache.incrVersion(key),
  decrVersion: (cache, key) => cache.decrVersion(key),
  wrap: (cache, key) => cache.wrap(() => 1, { key: () => key })(),
};

const TTLS: readonly [unknown, RegExp][] = [
  ['soon', /'soon'/],
  ['', /''/],
  ['5 parsecs', /'5 parsecs'/],
  ['1m'.repeat(99), /'1m1m/],
  [Number.NaN, /NaN/],
  [true, /true/],
  [5n, /5n/],
  [Symbol('s'), /Symbol\(s\)/],
  [() => 5, /Function/],
];

const CALLS_WITH_TTL: Record<string, (cache: Cache, ttl: never) => Promise<unknown>> = {
  set: (cache, ttl) => cache.set('k', 1, ttl),
  'set with options': (cache, ttl) => cache.set('k', 1, { ttl }),
  add: (cache, ttl) => cache.add('k', 1, ttl),
  'add with options': (cache, ttl) => cache.add('k', 1, { ttl }),
  getOrSet: (cache, ttl) => cache.getOrSet('k', () => 1, ttl),
  setMany: (cache, ttl) => cache.setMany({ k: 1 }, ttl),
  touch: (cache, ttl) => cache.touch('kept', ttl),
};

const VERSIONS: readonly [unknown, RegExp][] = [
  [1.5, /1\.5/],
  ['2', /'2'/],
  [Number.NaN, /NaN/],
  [Number.POSITIVE_INFINITY, /Infinity/],
  [2 ** 53, /9007199254740992/],
  [null, /null/],
  [1n, /1n/],
];

/** Each call that takes options: what they are may be wrong, too. */
const CALLS_WITH_OPTIONS: Record<string, (cache: Cache, options: never) => Promise<unknown>> = {
  get: (cache, options) => cache.get('k', options),
  set: (cache, options) => cache.set('k', 1, options),
  add: (cache, options) => cache.add('k', 1, options),
  getOrSet: (cache, options) => cache.getOrSet('k', () => 1, options),
  getMany: (cache, options) => cache.getMany(['k'], options),
  setMany: (cache, options) => cache.setMany({ k: 1 }, options),
  has: (cache, options) => cache.has('k', options),
  delete: (cache, options) => cache.delete('kept', options),
  deleteMany: (cache, options) => cache.deleteMany(['kept'], options),
  touch: (cache, options) => cache.touch('kept', 1, options),
  incr: (cache, options) => cache.incr('count', 1, options),
  decr: (cache, options) => cache.decr('count', 1, options),
  incrVersion: (cache, options) => cache.incrVersion('kept', 1, options),
  decrVersion: (cache, options) => cache.decrVersion('kept', 1, options),
};

class Own {
  version = 2;
}

/** Objects that are not objects of options, whatever stands in them. */
const NOT_PLAIN: Record<string, object> = {
  'a Date': new Date(0),
  'a Map': new Map([['version', 2]]),
  'a list': [2],
  'an instance of a class': new Own(),
};

const STORING_CALLS = ['set', 'add', 'getOrSet', 'setMany'];

function* wrongCalls(): Iterable<WrongCall> {
  for (const [name, call] of Object.entries(CALLS_WITH_KEY)) {
    for (const [key, shows] of KEYS) yield [`${name}: a key that is ${String(key)}`, (c) => call(c, wrong(key)), shows];
  }
  for (const [name, call] of Object.entries(CALLS_WITH_TTL)) {
    for (const [ttl, shows] of TTLS) yield [`${name}: a ttl that is ${String(ttl)}`, (c) => call(c, wrong(ttl)), shows];
  }
  for (const [name, call] of Object.entries(CALLS_WITH_OPTIONS)) {
    for (const [version, shows] of VERSIONS) {
      yield [`${name}: a version that is ${String(version)}`, (c) => call(c, wrong({ version })), shows];
    }
    yield [`${name}: an unknown option`, (c) => call(c, wrong({ verion: 2 })), /verion.*Did you mean 'version'.*Known/];
    if (STORING_CALLS.includes(name)) {
      yield [`${name}: a misspelt ttl`, (c) => call(c, wrong({ tll: 2 })), /tll.*Did you mean 'ttl'/];
    } else {
      for (const options of [null, 5, '5m', true]) {
        yield [`${name}: options that are ${options}`, (c) => call(c, wrong(options)), RegExp(String(options))];
      }
    }
    for (const [kind, options] of Object.entries(NOT_PLAIN)) {
      yield [`${name}: options that are ${kind}`, (c) => call(c, wrong(options)), /takes an object of options/];
    }
  }
  for (const keys of [undefined, null, 5, 'kept', { kept: 1 }, () => []]) {
    yield [`getMany of ${String(keys)}`, (c) => c.getMany(wrong(keys)), /iterable of keys/];
    yield [`deleteMany of ${String(keys)}`, (c) => c.deleteMany(wrong(keys)), /iterable of keys/];
  }
  for (const entries of [undefined, null, 5, 'kept', () => ({})]) {
    yield [`setMany of ${String(entries)}`, (c) => c.setMany(wrong(entries)), /object, a Map or an iterable/];
  }
  for (const entries of [Promise.resolve({ k: 1 }), new Date(0), new Own()]) {
    yield [`setMany of ${String(entries)}`, (c) => c.setMany(wrong(entries)), /plain object, a Map or an iterable/];
  }
  for (const pair of ['ab', 5, ['k'], ['k', 1, 2], null, { 0: 'k', 1: 1 }]) {
    yield [
      `setMany of a pair that is ${String(pair)}`,
      (c) => c.setMany(wrong([['k', 1], pair])),
      /pairs of \[key, value\]/,
    ];
  }
  for (const delta of [1.5, '1', Number.NaN, null, 2 ** 53]) {
    yield [`incrVersion by ${delta}`, (c) => c.incrVersion('kept', wrong(delta)), /whole number/];
    yield [`decrVersion by ${delta}`, (c) => c.decrVersion('kept', wrong(delta)), /whole number/];
  }
}

const ARGUMENT_ERROR = { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT' };

export function badInput(subject: Subject): void {
  describe('bad input', () => {
    spec(subject, 'each wrong argument is a TypeError that shows it, and the cache is unchanged', async ({ cache }) => {
      await cache.set('kept', 'old', '1h');
      await cache.set('count', 5, '1h');
      const before = await cache.stats();
      let tried = 0;
      for (const [title, call, shows] of wrongCalls()) {
        await assert.rejects(call(cache), { ...ARGUMENT_ERROR, message: shows }, title);
        tried++;
        if (subject.capabilities.counts === 'nothing') continue;
        const { hits, misses } = before;
        assert.deepStrictEqual({ ...(await cache.stats()), hits, misses }, before, `${title}: changed the cache`);
      }
      assert.ok(tried > 300, `${tried} wrong calls`);
      if (!subject.capabilities.stores) return;
      assert.deepStrictEqual(
        await cache.getMany(['kept', 'count', 'k']),
        new Map<string, unknown>([
          ['kept', 'old'],
          ['count', 5],
        ]),
      );
    });

    if (subject.face === 'async') {
      spec(subject, 'no method throws synchronously: it returns a promise that rejects', async ({ cache }) => {
        for (const [title, call] of wrongCalls()) {
          let promise: Promise<unknown> | undefined;
          assert.doesNotThrow(() => {
            promise = call(cache);
          }, title);
          await assert.rejects(promise!, TypeError, title);
        }
      });
    }

    spec(subject, 'an option that is undefined is one that is not given', async ({ cache }) => {
      const none = wrong<{ version: number; ttl: number }>({ version: undefined, ttl: undefined });
      await cache.set('k', 1, none);
      assert.equal(await cache.add('free', 1, none), true);
      await cache.get('k', wrong({ version: undefined, default: undefined }));
      await cache.touch('k', wrong(undefined), wrong({ version: undefined }));
    });

    spec(subject, 'wrap checks its function, key and options at once', async ({ cache }) => {
      const fn = () => 1;
      assert.throws(() => cache.wrap(wrong<() => 1>('fn'), { key: 'k' }), { ...ARGUMENT_ERROR, message: /'fn'/ });
      for (const key of [5, '', null]) {
        assert.throws(() => cache.wrap(fn, wrong<never>({ key })), ARGUMENT_ERROR);
      }
      assert.throws(() => cache.wrap(fn, wrong<never>(null)), ARGUMENT_ERROR);
      for (const options of [undefined, {}, wrong<never>({ key: undefined })]) {
        assert.throws(() => cache.wrap(() => 1, options), { ...ARGUMENT_ERROR, message: /Name it, or pass `key`/ });
      }
      assert.throws(() => cache.wrap(fn, wrong<never>({ key: 'k', ttl: 'soon' })), {
        ...ARGUMENT_ERROR,
        message: /'soon'/,
      });
      assert.throws(() => cache.wrap(fn, { key: 'k', version: 1.5 }), { ...ARGUMENT_ERROR, message: /1\.5/ });
      assert.throws(() => cache.wrap(fn, wrong<never>({ key: 'k', verison: 1 })), {
        ...ARGUMENT_ERROR,
        message: /version/,
      });
    });

    for (const [title, options, shows] of [
      ['an unknown option', { keyPrefx: 'p' }, /'keyPrefx'.*Did you mean 'keyPrefix'\?.*Known: ttl, keyPrefix/],
      ['an option like no other', { quux: 1 }, /'quux'.*Known: ttl/],
      ['a ttl that cannot be read', { ttl: 'soon' }, /ttl.*'soon'/],
      ['a ttl of NaN', { ttl: Number.NaN }, /ttl.*NaN/],
      ['a ttl of another type', { ttl: {} }, /ttl.*\{\}/],
      ['a prefix that is no string', { keyPrefix: 5 }, /keyPrefix.*5/],
      ['a prefix of null', { keyPrefix: null }, /keyPrefix.*null/],
      ['a version that is not whole', { version: 1.5 }, /version.*1\.5/],
      ['a version that is text', { version: '1' }, /version.*'1'/],
      ['a key function that is none', { keyFunction: 'k' }, /keyFunction.*'k'/],
    ] as [string, object, RegExp][]) {
      spec(subject, `${title} is an InvalidConfigError when the cache is made`, async ({ place }) => {
        await assert.rejects(place.open(options), {
          name: 'InvalidConfigError',
          code: 'ERR_LOCMEM_INVALID_CONFIG',
          message: shows,
        });
      });
    }
  });
}

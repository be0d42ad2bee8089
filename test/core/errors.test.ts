import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import * as locmem from 'locmem';
import { invalidArgument, show } from '#dist/core/errors.js';

/** Programs branch on these: a change here breaks users. */
const CODES = {
  CacheError: 'ERR_LOCMEM',
  InvalidConfigError: 'ERR_LOCMEM_INVALID_CONFIG',
  InvalidKeyError: 'ERR_LOCMEM_INVALID_KEY',
  KeyNotFoundError: 'ERR_LOCMEM_KEY_NOT_FOUND',
  UncacheableValueError: 'ERR_LOCMEM_UNCACHEABLE_VALUE',
  ValueTooLargeError: 'ERR_LOCMEM_VALUE_TOO_LARGE',
  LoadTimeoutError: 'ERR_LOCMEM_LOAD_TIMEOUT',
  NoSpaceError: 'ERR_LOCMEM_NO_SPACE',
  SegmentError: 'ERR_LOCMEM_SEGMENT',
  CacheUnavailableError: 'ERR_LOCMEM_UNAVAILABLE',
  CacheClosedError: 'ERR_LOCMEM_CLOSED',
  RecursiveLoadError: 'ERR_LOCMEM_RECURSIVE_LOAD',
} as const;

const classes = new Map(Object.entries(locmem)) as Map<string, unknown> as Map<string, typeof locmem.CacheError>;

describe('errors', () => {
  for (const [name, code] of Object.entries(CODES)) {
    it(`${name} has the code ${code}`, () => {
      const cause = new RangeError('the cause');
      const error = new (classes.get(name)!)('what was wrong', { cause });
      assert.ok(error instanceof locmem.CacheError);
      assert.ok(error instanceof Error);
      assert.equal(error.name, name);
      assert.equal(error.code, code);
      assert.equal(error.message, 'what was wrong');
      assert.equal(error.cause, cause);
      assert.match(String(error.stack), RegExp(`${name}|what was wrong`));
    });
  }

  it('are all in this table, each with a code of its own', () => {
    const exported = Object.keys(locmem).filter((name) => name.endsWith('Error'));
    assert.deepStrictEqual(exported.sort(), Object.keys(CODES).sort());
    assert.equal(new Set(Object.values(CODES)).size, Object.keys(CODES).length);
  });

  it('a wrong argument is a TypeError with a code', () => {
    const error = invalidArgument('wrong');
    assert.ok(error instanceof TypeError);
    assert.equal(error.name, 'TypeError');
    assert.equal(error.code, 'ERR_LOCMEM_INVALID_ARGUMENT');
  });

  it('a value is shown in one short line', () => {
    for (const value of [
      'x'.repeat(5000),
      Array(5000).fill(1),
      { a: { b: [1] } },
      new Map([[1, 2]]),
      'a\nb',
      () => 1,
    ]) {
      const shown = show(value);
      assert.ok(shown.length < 150, shown);
      assert.doesNotMatch(shown, /\n/);
    }
    assert.equal(show('k'), "'k'");
    assert.equal(show(undefined), 'undefined');
  });

  it('a value that cannot be shown is no reason to throw another error', () => {
    const hostile = {
      [inspect.custom](): never {
        throw new RangeError('not to be shown');
      },
    };
    const trap = (): never => {
      throw new RangeError('trapped');
    };
    const proxy = new Proxy({}, { get: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap });
    for (const value of [hostile, [hostile], { hostile }, proxy]) assert.equal(typeof show(value), 'string');
    const wrong = { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT', message: /^A key is a string/ };
    for (const key of [hostile, proxy] as never[]) {
      for (const cache of [new locmem.LocMemCache(), new locmem.DummyCache()]) {
        assert.throws(() => cache.getSync(key), wrong);
        assert.throws(() => cache.setSync(key, 1), wrong);
        assert.throws(() => cache.getManySync([key]), wrong);
      }
    }
  });
});

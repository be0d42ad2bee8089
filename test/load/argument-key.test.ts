import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { argumentKey } from '#dist/load/argument-key.js';

const keyOf = (...args: unknown[]) => argumentKey('f', args);

/** Data, of few different leaves, so that two are often nearly equal. */
const data = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<unknown>(
      0,
      -0,
      1,
      '1',
      '0',
      1n,
      true,
      'true',
      null,
      'null',
      undefined,
      '',
      'a',
      ',',
      NaN,
      '\ud800',
    ),
    fc.constantFrom<unknown>(new Date(0), new Date(1), [], {}, new Map(), new Set(), Object.create(null)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '1', '__proto__', ''), tie('value'), { maxKeys: 3 }),
    fc.uniqueArray(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.sparseArray(tie('value'), { maxNumElements: 2, maxLength: 4 }),
  ),
})).value;

/** The same once more, with all that has no order turned round. */
function turnedRound(value: unknown): unknown {
  if (Array.isArray(value)) {
    const copy = new Array<unknown>(value.length);
    for (const i in value) copy[Number(i)] = turnedRound(value[Number(i)]);
    return copy;
  }
  if (value instanceof Date) return new Date(value);
  const items = (of: Iterable<unknown>) => [...of].reverse().map(turnedRound);
  if (value instanceof Set) return new Set(items(value));
  if (value instanceof Map) return new Map(items(value) as [unknown, unknown][]);
  if (typeof value !== 'object' || value === null) return value;
  const copy: object = Object.create(Object.getPrototypeOf(value));
  for (const [name, field] of Object.entries(value).reverse()) {
    Object.defineProperty(copy, name, {
      value: turnedRound(field),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}

describe('a key made of arguments', () => {
  it('is the same exactly if the arguments are deeply and strictly equal', () => {
    const lists = fc.array(data, { maxLength: 3 });
    fc.assert(
      fc.property(lists, lists, (one, other) => {
        assert.equal(keyOf(...one) === keyOf(...other), isDeepStrictEqual(one, other));
      }),
      { numRuns: 3000 },
    );
  });

  it('does not depend on an order that means nothing', () => {
    fc.assert(
      fc.property(fc.array(data, { maxLength: 3 }), (args) => {
        assert.equal(keyOf(...(turnedRound(args) as unknown[])), keyOf(...args));
      }),
      { numRuns: 1000 },
    );
  });

  it('tells anything from anything else that differs', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(anything, anything, (one, other) => {
        if (hasInvalidDate(one)) return;
        assert.equal(keyOf(one) === keyOf(other), isDeepStrictEqual(one, other));
        assert.equal(keyOf(one), keyOf(structuredCloneOf(one)));
      }),
    );
  });

  it('is readable where it can be', () => {
    assert.equal(keyOf(7), 'f(7)');
    assert.equal(keyOf('München', true, undefined), 'f("München",true,undefined)');
    assert.equal(keyOf({ b: [1n, null], a: -0 }), 'f({"a":-0,"b":[1n,null]})');
    assert.equal(keyOf(new Date(5), new Set(['a']), new Map([[1, {}]])), 'f(Date(5),Set{"a"},Map{1=>{}})');
    assert.equal(keyOf(), 'f()');
    assert.equal(keyOf([undefined, 1]), 'f([undefined,1])');
    // biome-ignore lint/suspicious/noSparseArray: this is what is tested
    assert.equal(keyOf([, 1]), 'f([hole,1])');
  });

  it('is one that every backend takes, whatever the arguments and the name', () => {
    const names = fc.oneof(fc.constantFrom('f', 'get x', 'ü'), fc.string({ unit: 'binary', minLength: 1 }));
    fc.assert(
      fc.property(names, fc.string({ unit: 'binary', maxLength: 300 }), (name, text) => {
        const key = argumentKey(name, [text]);
        assert.ok(key.isWellFormed());
        assert.ok(Buffer.byteLength(key) <= 180, key);
        assert.ok(!/[\0-\x20\x7f]/.test(key), key);
      }),
    );
    assert.match(keyOf('New York'), /^f#[\w-]{43}$/);
    assert.match(argumentKey('get x', []), /^#[\w-]{43}$/);
    assert.notEqual(keyOf('New York'), keyOf('New  York'));
    assert.notEqual(keyOf('\ud800 '), keyOf('\ud801 '));
    assert.notEqual(keyOf('x'.repeat(500)), keyOf('x'.repeat(501)));
    assert.notEqual(argumentKey('get x', [1]), argumentKey('get y', [1]));
  });

  it('is the same for data of another realm', () => {
    const foreign: unknown[] = runInNewContext('[[1, { a: new Map([[1, new Set([new Date(5)])]]) }]]');
    assert.equal(keyOf(...foreign), keyOf([1, { a: new Map([[1, new Set([new Date(5)])]]) }]));
  });

  it('is refused to what cannot be told from others', () => {
    class Own {
      x = 1;
    }
    class OwnMap extends Map {}
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    const refused: [unknown, RegExp][] = [
      [() => 1, /Function/],
      [Symbol('s'), /Symbol\(s\)/],
      [new Own(), /Own/],
      [new OwnMap(), /OwnMap/],
      [cycle, /refers to itself/],
      [/x/, /\/x\//],
      [new URL('http://localhost'), /URL/],
      [Buffer.from('a'), /Buffer/],
      [Promise.resolve(), /Promise/],
      [new WeakMap(), /WeakMap/],
      [new Error('no'), /no/],
      [Object(5), /Number/],
      [{ [Symbol('s')]: 1 }, /has symbols/],
      [Object.assign([1], { more: 1 }), /more than its items/],
      [Object.assign(new Map(), { more: 1 }), /Map/],
    ];
    for (const [value, shows] of refused) {
      for (const args of [[value], [1, { a: [value] }], [new Map([[value, 1]])], [new Set([value])]]) {
        assert.throws(() => keyOf(...args), {
          name: 'TypeError',
          code: 'ERR_LOCMEM_INVALID_ARGUMENT',
          message: /`key`/,
        });
      }
      assert.throws(() => keyOf(value), { message: shows });
    }
    const shared = [1];
    assert.equal(keyOf(shared, [shared, shared]), 'f([1],[[1],[1]])');
  });
});

function hasInvalidDate(value: unknown): boolean {
  if (value instanceof Date) return Number.isNaN(value.getTime());
  if (value instanceof Map) return [...value].flat().some(hasInvalidDate);
  if (value instanceof Set) return [...value].some(hasInvalidDate);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasInvalidDate);
}

function structuredCloneOf(value: unknown): unknown {
  return turnedRound(turnedRound(value));
}

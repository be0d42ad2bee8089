import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { copyGraph } from '#dist/core/copy-graph.js';
import { Snapshot, sealCopy, unsealCopy } from '#dist/core/snapshot.js';
import { isDeepFrozen, vandalize } from '../conformance/reach.js';

/** What a reader gets of `value`. */
const kept = <T extends object>(value: T): T => Snapshot.of(value).restore() as T;

const refused = { name: 'UncacheableValueError', code: 'ERR_LOCMEM_UNCACHEABLE_VALUE' };

describe('a snapshot', () => {
  it('of a primitive is the primitive', () => {
    for (const value of [null, 0, -0, Number.NaN, '', 'text', true, 5n]) {
      assert.ok(Object.is(sealCopy(value), value));
      assert.ok(Object.is(unsealCopy(value), value));
    }
  });

  it('holds nothing of the value', () => {
    const value = { list: [1, { n: 1 }], at: new Date(0) };
    const snapshot = Snapshot.of(value);
    vandalize(value);
    assert.deepStrictEqual(snapshot.restore(), { list: [1, { n: 1 }], at: new Date(0) });
  });

  it('of values of another realm is one of this realm', () => {
    const foreign = runInNewContext(`({
      list: [1, , { a: 1 }], at: new Date(5), re: /a/g, map: new Map([[1, {}]]), set: new Set([1]),
      bytes: new Uint8Array([1, 2]), buffer: new Uint8Array([3]).buffer, bare: Object.create(null), error: new RangeError('r'),
    })`);
    const copy = kept(foreign);
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is kept.
    assert.deepStrictEqual(copy.list, [1, , { a: 1 }]);
    assert.deepStrictEqual(copy.at, new Date(5));
    assert.deepStrictEqual(copy.re, /a/g);
    assert.deepStrictEqual(copy.map, new Map([[1, {}]]));
    assert.deepStrictEqual(copy.set, new Set([1]));
    assert.deepStrictEqual(copy.bytes, new Uint8Array([1, 2]));
    assert.deepStrictEqual(copy.buffer, new Uint8Array([3]).buffer);
    assert.deepStrictEqual(copy.bare, {});
    assert.ok(copy.error instanceof RangeError);
    assert.throws(() => kept(runInNewContext('({ run() {} })')), refused);
    assert.throws(() => kept(runInNewContext('Promise.resolve()')), refused);
  });

  it('reads a getter once, and keeps what it gave', () => {
    let reads = 0;
    const value = {
      get n() {
        return ++reads;
      },
      nested: [new Map()],
    };
    const copy = kept(value);
    assert.equal(typeof Object.getOwnPropertyDescriptor(copy, 'n')!.value, 'number');
    const plain = {
      get n() {
        return ++reads;
      },
    };
    reads = 0;
    assert.deepStrictEqual(kept(plain), { n: 1 });
    assert.equal(reads, 1);
  });

  it('passes on what a getter throws', () => {
    const value = {
      get n(): number {
        throw new RangeError('getter');
      },
    };
    assert.throws(() => kept(value), RangeError);
  });

  it('drops symbol keys and what is not enumerable', () => {
    const value = { a: 1, [Symbol('s')]: 2 };
    Object.defineProperty(value, 'hidden', { value: 3, enumerable: false });
    assert.deepStrictEqual(Reflect.ownKeys(kept(value)), ['a']);
    const nested = kept([{ [Symbol('s')]: new Map(), b: new Map([[1, 1]]) }]);
    assert.deepStrictEqual(Reflect.ownKeys(nested[0]!), ['b']);
  });

  it('of an instance is plain, without what its class inherits', () => {
    class Base {
      inherited = 1;
      method(): number {
        return 1;
      }
    }
    class Derived extends Base {
      own = [new Date(0)];
    }
    const copy = kept({ item: new Derived() }).item;
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
    assert.deepStrictEqual({ ...copy }, { inherited: 1, own: [new Date(0)] });
  });

  it('of a subclass of a built-in is the built-in', () => {
    class Tags extends Array<string> {}
    class Table extends Map<string, number> {}
    class Bytes extends Uint8Array {}
    class Day extends Date {}
    assert.deepStrictEqual(kept(Tags.from(['a', 'b'])), ['a', 'b']);
    assert.deepStrictEqual(kept(new Table([['a', 1]])), new Map([['a', 1]]));
    assert.deepStrictEqual(kept(new Bytes([1])), new Uint8Array([1]));
    assert.deepStrictEqual(kept(new Day(5)), new Date(5));
  });

  it('of an object that only looks like a built-in is no crash', () => {
    for (const { prototype } of [Date, RegExp, Map, Set, Error, Uint8Array, Promise]) {
      try {
        assert.equal(typeof kept(Object.create(prototype as object)), 'object');
      } catch (error) {
        assert.equal((error as Error).name, 'UncacheableValueError');
      }
    }
  });

  it('of a small Buffer does not hold on to the pool it came from', () => {
    const copy = kept(Buffer.from('small'));
    assert.ok(Buffer.isBuffer(copy));
    const { data } = Snapshot.of(Buffer.from('small')) as unknown as { data: Buffer };
    assert.equal(data.buffer.byteLength, 5);
  });

  it('of a view holds only the bytes that it shows', () => {
    const whole = new Uint8Array(1000).fill(1);
    const copy = kept(whole.subarray(10, 12));
    assert.deepStrictEqual(copy, new Uint8Array([1, 1]));
    assert.equal(copy.buffer.byteLength, 2);
  });

  it('keeps the name, message and stack of an Error', () => {
    const error = new TypeError('wrong');
    const copy = kept(error);
    assert.ok(copy instanceof TypeError);
    assert.deepStrictEqual([copy.name, copy.message, copy.stack], [error.name, error.message, error.stack]);
  });

  it('takes a long list in its stride', () => {
    const list = Array.from({ length: 200_000 }, (_, n) => ({ n }));
    assert.deepStrictEqual(kept(list), list);
  });

  it('is refused with the path to what is not data', () => {
    assert.throws(() => kept({ a: [1, { b: () => 1 }] }), { ...refused, message: /at a > 1 > b, stands/ });
    assert.throws(() => kept(new Map([['k', Symbol('s')]])), { ...refused, message: /at k, stands Symbol\(s\)/ });
    assert.throws(() => copyGraph(Promise.resolve()), { ...refused, message: /The value is Promise/ });
  });
});

describe('a frozen snapshot', () => {
  const frozen = (value: object): object => Snapshot.frozen(value).restore();

  it('of plain data is one object, frozen all the way down', () => {
    const snapshot = Snapshot.frozen({ a: [{ b: { c: [] } }], e: new Error('e') });
    assert.equal(snapshot.restore(), snapshot.restore());
    assert.ok(isDeepFrozen(snapshot.restore()));
  });

  it('of a cycle is frozen, too', () => {
    const loop: { self?: object; list: object[] } = { list: [{}] };
    loop.self = loop;
    const copy = frozen(loop) as typeof loop;
    assert.equal(copy.self, copy);
    assert.ok(isDeepFrozen(copy));
  });

  it('of an Error is frozen down to its causes', () => {
    const error = new Error('outer', { cause: new Error('inner', { cause: { list: [1] } }) });
    assert.ok(isDeepFrozen(frozen(error)));
    assert.ok(isDeepFrozen(frozen({ error })));
  });

  it('of an Error whose cause cannot be frozen is a copy for each reader', () => {
    const snapshot = Snapshot.frozen(new Error('e', { cause: { at: new Date(0) } }));
    vandalize(snapshot.restore());
    assert.deepStrictEqual((snapshot.restore() as Error).cause, { at: new Date(0) });
  });

  it('leaves the original as it was', () => {
    const own = { list: [1] };
    frozen(own);
    own.list.push(2);
    assert.deepStrictEqual(own, { list: [1, 2] });
  });

  for (const [title, make] of Object.entries({
    'a Date': () => new Date(0),
    'a Map': () => new Map([[1, { n: 1 }]]),
    'a Set': () => new Set([{ n: 1 }]),
    'a Buffer': () => Buffer.from('b'),
    'a typed array': () => new Uint8Array([1]),
    'an ArrayBuffer': () => new ArrayBuffer(1),
    'a RegExp': () => /a/g,
  } as Record<string, () => object>)) {
    it(`with ${title} inside is a copy for each reader`, () => {
      const snapshot = Snapshot.frozen({ inner: [make()], plain: { a: [1] } });
      const read = snapshot.restore() as { inner: object[]; plain: object };
      assert.ok(Object.isFrozen(read) && isDeepFrozen(read.plain));
      vandalize(read.inner[0]!);
      assert.deepStrictEqual(snapshot.restore(), { inner: [make()], plain: { a: [1] } });
    });
  }
});

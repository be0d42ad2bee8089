import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { UncacheableValueError } from 'locmem';
import { HOLDING_UNCACHEABLE, OBJECTS, PRIMITIVES, UNCACHEABLE } from '../conformance/value-kinds.js';
import { any, graph, plain } from '../core/arbitrary-values.js';
import { bytesOf, CODECS, codec, HAS_ZSTD } from './codecs.js';

const msgpack = codec();
const json = codec({ serializer: 'json' });
const text = (value: unknown, by = msgpack): string => bytesOf(by, value).toString();

describe('a value on a server', () => {
  for (const [writer, writing] of CODECS) {
    for (const [reader, reading] of CODECS) {
      it(`is read as it was written: by ${writer}, read by ${reader}`, () => {
        for (const { title, make, kept = make } of [...PRIMITIVES, ...OBJECTS] as typeof OBJECTS) {
          assert.deepStrictEqual(reading.decode(bytesOf(writing, make())), kept(), title);
        }
      });
    }

    it(`is read as its structured clone, whatever it is: ${writer}`, () => {
      const arbitrary = fc.oneof(plain.value, any.value, graph, fc.jsonValue()).filter((value) => value !== undefined);
      fc.assert(
        fc.property(arbitrary, (value) => {
          assert.deepStrictEqual(writing.decode(bytesOf(writing, value)), structuredClone(value));
        }),
        { numRuns: 300 },
      );
    });

    it(`is memory of its own: ${writer}`, () => {
      for (const make of [() => Buffer.from('bytes'), () => [Buffer.from('bytes')], () => new Uint8Array([1, 2])]) {
        const value = make();
        const bytes = bytesOf(writing, value);
        const read = writing.decode(bytes);
        bytes.fill(0);
        assert.deepStrictEqual(read, make());
      }
    });

    it(`is refused where it is not data: ${writer}`, () => {
      for (const { title, make } of [...UNCACHEABLE, ...HOLDING_UNCACHEABLE]) {
        assert.throws(() => writing.encode(make()), UncacheableValueError, title);
      }
    });
  }

  it('may be a date of any time', () => {
    const date = fc.date({ noInvalidDate: true });
    fc.assert(fc.property(date, (value) => assert.deepStrictEqual(msgpack.decode(bytesOf(msgpack, value)), value)));
    for (const time of [-1, 0, 999, 2 ** 32 * 1000 - 1, 2 ** 32 * 1000, 2 ** 34 * 1000 + 7, 8.64e15, -8.64e15]) {
      assert.deepStrictEqual(msgpack.decode(bytesOf(msgpack, new Date(time))), new Date(time), `${time}`);
    }
  });

  it('may be an object of more fields than 16 bits count, and an array of more elements', () => {
    const fields = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`field ${i}`, i]));
    for (const [title, by] of CODECS) {
      assert.deepStrictEqual(by.decode(bytesOf(by, fields)), fields, title);
      assert.deepStrictEqual(by.decode(bytesOf(by, Object.keys(fields))), Object.keys(fields), title);
    }
  });

  it('may have holes up to a bound, over which it is refused rather than never read', () => {
    assert.deepStrictEqual(msgpack.decode(bytesOf(msgpack, new Array(2 ** 20))), new Array(2 ** 20));
    assert.throws(() => msgpack.encode(new Array(2 ** 21)), {
      name: 'UncacheableValueError',
      message: /more than 1048576 holes/,
    });
  });

  it('is plain text where it is a number, a boolean or null, which servers count with', () => {
    for (const by of [msgpack, json, codec({ compression: { algorithm: 'gzip', threshold: 1 } })]) {
      for (const [value, expected] of [
        [12, '12'],
        [-0.5, '-0.5'],
        [-0, '-0'],
        [1e21, '1e+21'],
        [Number.NaN, 'NaN'],
        [-Infinity, '-Infinity'],
        [true, 'true'],
        [null, 'null'],
      ]) {
        assert.equal(text(value, by), expected);
      }
    }
  });

  it('is read as a number where a server has counted', () => {
    for (const [bytes, expected] of [
      ['12', 12],
      ['9 ', 9],
      ['007', 7],
      ['3.14', 3.14],
      ['1e+20', 1e20],
      ['18446744073709551615', 18446744073709552000],
    ] as const) {
      assert.equal(msgpack.decode(Buffer.from(bytes)), expected);
    }
  });
});

describe('the serializer json', () => {
  it('writes plain JSON where JSON carries the value', () => {
    for (const value of ['text', 'ü🔑', '', '12', [], {}, [1, 'a', null, true], { a: { b: [{ c: 1.5 }] }, '': '' }]) {
      assert.equal(text(value, json), JSON.stringify(value));
    }
  });

  it('leaves to the tagged forms what JSON would change', () => {
    const own = Object.assign([1], { note: 'kept' });
    for (const value of [
      [[-0], [Number.NaN], [Infinity], [undefined], { a: undefined }, new Date(0), [new Date(0)], [1n], own],
      ['\ud800', new Array(2), new Map(), Object(1), /a/, new Error('e'), Buffer.from('a'), 5n],
    ].flat()) {
      assert.ok(bytesOf(json, value)[0]! < 0x20, String(value));
    }
  });

  it('is not misled by a toJSON that is data', () => {
    assert.deepStrictEqual(json.decode(bytesOf(json, { toJSON: 'text' })), { toJSON: 'text' });
  });
});

describe('compression', () => {
  const gzip = codec({ compression: { algorithm: 'gzip', threshold: 1000 } });
  const list = Array.from({ length: 100 }, (_, i) => ({ id: i, name: `name ${i}` }));

  it('begins at the threshold', () => {
    assert.equal(gzip.encode('a'.repeat(998)).length, 999);
    assert.ok(gzip.encode('a'.repeat(999)).length < 100);
  });

  it('makes large values smaller, with each algorithm and serializer', () => {
    for (const [title, by] of CODECS.filter(([name]) => name.includes(','))) {
      const bytes = bytesOf(by, list);
      assert.ok(bytes.length < bytesOf(title.startsWith('json') ? json : msgpack, list).length / 2, title);
      for (const [, reading] of CODECS) assert.deepStrictEqual(reading.decode(bytes), list, title);
    }
  });

  it('is of the text that would have been stored', () => {
    const by = codec({ serializer: 'json', compression: { algorithm: 'gzip', threshold: 1 } });
    assert.equal(gunzipSync(bytesOf(by, list).subarray(1)).toString(), JSON.stringify(list));
  });

  it('is not kept where it does not make the value smaller', () => {
    const random = Buffer.from(Array.from({ length: 30 }, (_, i) => (i * i * 31 + 7) % 251));
    const compressed = gzipSync(random);
    assert.ok(compressed.length > 30);
    const eager = codec({ compression: { algorithm: 'gzip', threshold: 1 } });
    assert.equal(eager.encode(random).length, 31);
  });

  it('is not kept where the value would grow more than a reader allows', () => {
    const zeros = Buffer.alloc(2 ** 21);
    assert.equal(gzip.encode(zeros).length, zeros.length + 1);
    const allowed = Buffer.alloc(2 ** 20 - 1);
    assert.ok(gzip.encode(allowed).length < 2000);
    for (const value of [zeros, allowed]) assert.deepStrictEqual(msgpack.decode(bytesOf(gzip, value)), value);
  });

  it('of bytes that claim to be more than that is a miss, as is compression within compression', () => {
    const bomb = Buffer.concat([Buffer.from([3]), Buffer.alloc(2 ** 26, 'a')]);
    assert.equal(msgpack.decode(Buffer.concat([Buffer.from([7]), gzipSync(bomb)])), undefined);
    assert.equal(msgpack.decode(Buffer.concat([Buffer.from([8]), brotliCompressSync(bomb)])), undefined);
    const once = Buffer.concat([Buffer.from([7]), gzipSync('{"a":1}')]);
    assert.deepStrictEqual(msgpack.decode(once), { a: 1 });
    assert.equal(msgpack.decode(Buffer.concat([Buffer.from([7]), gzipSync(once)])), undefined);
  });

  it('with zstd is a miss where Node has none', { skip: HAS_ZSTD && 'this one has' }, () => {
    const frame = Buffer.from('0b28b52ffd0458210000' + '7b7d00000000', 'hex');
    assert.equal(msgpack.decode(frame), undefined);
  });
});

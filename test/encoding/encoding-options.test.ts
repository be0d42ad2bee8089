import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidConfigError } from 'locmem';
import { ENCODING_OPTIONS, type EncodingOptions, readEncodingOptions } from '#dist/encoding/encoding-options.js';
import { ALGORITHMS, HAS_ZSTD } from './codecs.js';

function refusal(options: object, message: RegExp): void {
  assert.throws(
    () => readEncodingOptions(options as EncodingOptions),
    (error) => error instanceof InvalidConfigError && message.test(error.message),
    String(message),
  );
}

describe('the options of encoding', () => {
  it('have defaults', () => {
    assert.deepStrictEqual(readEncodingOptions({}), { serializer: 'msgpack', compression: undefined });
    const gzip = { algorithm: 'gzip', threshold: 10_240, level: 6 };
    assert.deepStrictEqual(readEncodingOptions({ compression: 'gzip' }).compression, gzip);
    assert.deepStrictEqual(readEncodingOptions({ compression: { algorithm: 'gzip' } }).compression, gzip);
    assert.equal(readEncodingOptions({ compression: 'brotli' }).compression?.level, 4);
  });

  it('are read as they are given', () => {
    const compression = { algorithm: 'brotli', threshold: '1mb', level: 11 } as const;
    assert.deepStrictEqual(readEncodingOptions({ serializer: 'json', compression }), {
      serializer: 'json',
      compression: { algorithm: 'brotli', threshold: 2 ** 20, level: 11 },
    });
    for (const compression of ALGORITHMS) assert.ok(readEncodingOptions({ compression }));
    assert.deepStrictEqual(ENCODING_OPTIONS, ['serializer', 'compression']);
  });

  it('are refused where they cannot be meant, with what is allowed', () => {
    refusal({ serializer: 'xml' }, /serializer is one of msgpack, json; got 'xml'/);
    refusal({ serializer: null }, /serializer is one of msgpack, json; got null/);
    refusal({ compression: 'zip' }, /compression is one of gzip, brotli, zstd.*'zip'/);
    refusal({ compression: 'toString' }, /compression is one of gzip, brotli, zstd.*'toString'/);
    refusal({ compression: true }, /compression is one of gzip, brotli, zstd.*true/);
    refusal({ compression: null }, /compression takes an object of options; got null/);
    refusal({ compression: {} }, /compression is one of gzip, brotli, zstd.*undefined/);
    refusal({ compression: { algorithm: 'gzip', treshold: 1 } }, /'treshold'.*Did you mean 'threshold'/);
    refusal({ compression: { algorithm: 'gzip', threshold: 0 } }, /compression\.threshold is a positive/);
    refusal({ compression: { algorithm: 'gzip', threshold: '10 potatoes' } }, /compression\.threshold is a positive/);
    for (const level of [0, 10, 1.5, '6', null]) {
      refusal({ compression: { algorithm: 'gzip', level } }, /level of gzip is a whole number from 1 to 9/);
    }
    refusal({ compression: { algorithm: 'brotli', level: 12 } }, /level of brotli is a whole number from 0 to 11/);
  });

  it('say which Node has zstd', { skip: HAS_ZSTD && 'this one has' }, () => {
    refusal({ compression: 'zstd' }, /needs Node\.js 22\.15, 23\.8 or later; this is v20.*'gzip' or 'brotli'/);
  });
});

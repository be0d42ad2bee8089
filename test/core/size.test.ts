import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sizeInBytes } from '#dist/core/size.js';

describe('sizeInBytes', () => {
  for (const [size, bytes] of [
    [1, 1],
    [4096, 4096],
    ['512', 512],
    ['512b', 512],
    ['1kb', 1024],
    ['64mb', 67_108_864],
    ['1 mb', 1_048_576],
    ['1.5MB', 1_572_864],
    ['2gb', 2_147_483_648],
  ] as const) {
    it(`reads ${typeof size === 'string' ? `'${size}'` : size} as ${bytes} bytes`, () => {
      assert.equal(sizeInBytes('maxSize', size), bytes);
    });
  }

  it('refuses what is not a positive whole size, and shows it', () => {
    for (const size of [
      0,
      -1,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      '0mb',
      '-1mb',
      'mb',
      '64 apples',
      '',
      null,
      {},
      5n,
    ]) {
      assert.throws(
        () => sizeInBytes('maxSize', size),
        { name: 'InvalidConfigError', code: 'ERR_LOCMEM_INVALID_CONFIG', message: /^maxSize is .*'64mb'; got / },
        String(size),
      );
    }
  });
});

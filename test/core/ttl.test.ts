import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ttlMilliseconds } from '#dist/core/ttl.js';

describe('ttlMilliseconds', () => {
  for (const [ttl, milliseconds] of [
    [0, 0],
    [1, 1],
    [0.5, 0.5],
    [-5, -5],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [null, Number.POSITIVE_INFINITY],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5h', 5_400_000],
    ['-1s', -1000],
    ['0s', 0],
  ] as const) {
    it(`reads ${typeof ttl === 'string' ? `'${ttl}'` : ttl} as ${milliseconds} ms, each time`, () => {
      assert.equal(ttlMilliseconds(ttl), milliseconds);
      assert.equal(ttlMilliseconds(ttl), milliseconds);
    });
  }

  it('reads every whole number of every unit', () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
    fc.assert(
      fc.property(fc.nat(100_000), fc.constantFrom(...Object.entries(units)), (n, [unit, factor]) => {
        assert.equal(ttlMilliseconds(`${n}${unit}`), n * factor);
      }),
    );
  });

  it('refuses what is not a ttl, and shows it', () => {
    for (const ttl of ['soon', '', ' ', 's', '5 parsecs', Number.NaN, undefined, true, {}, [], 5n, Symbol('s')]) {
      assert.throws(
        () => ttlMilliseconds(ttl),
        { name: 'TypeError', code: 'ERR_LOCMEM_INVALID_ARGUMENT', message: /milliseconds.*'30s'.*null.*got / },
        String(ttl),
      );
    }
  });

  it('refuses a string again that it refused before', () => {
    for (let i = 0; i < 3; i++) assert.throws(() => ttlMilliseconds('later'), TypeError);
  });

  it('reads more different strings than it remembers', () => {
    for (let i = 1; i <= 500; i++) assert.equal(ttlMilliseconds(`${i}s`), i * 1000);
    for (let i = 1; i <= 500; i++) assert.equal(ttlMilliseconds(`${i}s`), i * 1000);
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { expiryFlags, foreignFlags, remainingTtl, serverTtl } from '#dist/memcached/expiry.js';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const YEAR = 365 * DAY;

const nows = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2100, 0, 1) });
const ttls = fc.oneof(
  fc.integer({ min: 1, max: 30 * MINUTE }),
  fc.integer({ min: 1, max: 2 * DAY }),
  fc.integer({ min: 1, max: 5 * YEAR }),
);

function step(ttl: number): number {
  if (ttl <= 30 * MINUTE) return 1;
  return ttl <= 2 * DAY ? 100 : MINUTE;
}

describe('the moment in the flags', () => {
  it('is the end of the ttl, or less than one step before it, whenever it is read', () => {
    fc.assert(
      fc.property(nows, ttls, fc.double({ min: 0, max: 1.2, noNaN: true }), (now, ttl, part) => {
        const flags = expiryFlags(ttl, now);
        assert.ok(Number.isInteger(flags) && flags > 0 && flags < 2 ** 32);
        const passed = Math.floor(ttl * part);
        const remaining = remainingTtl(flags, now + passed)!;
        assert.ok(remaining <= ttl - passed, `${remaining} ms of ${ttl - passed} ms`);
        assert.ok(remaining > ttl - passed - step(ttl), `${remaining} ms of ${ttl - passed} ms`);
      }),
      { numRuns: 2000 },
    );
  });

  it('is never for what is for ever, or for more than five years', () => {
    for (const ttl of [Number.POSITIVE_INFINITY, 6 * YEAR, 1e300]) {
      assert.equal(remainingTtl(expiryFlags(ttl, Date.now()), Date.now() + YEAR), Number.POSITIVE_INFINITY);
    }
  });

  it('is unknown in the flags of other programs, whose part is kept apart from ours', () => {
    for (const flags of [0, 1, 2, 4, 16, 255, 0xffff]) assert.equal(remainingTtl(flags, Date.now()), undefined);
    assert.equal(foreignFlags(expiryFlags(1000, Date.now()) + 16), 16);
    assert.equal(remainingTtl(expiryFlags(1000, 5000) + 255, 5000), 1000);
  });
});

describe('the ttl that the server is told', () => {
  const now = Date.UTC(2026, 0, 1);

  it('is in seconds, rounded up, and one more', () => {
    assert.deepStrictEqual(
      [1, 1000, 1001, 5 * MINUTE].map((ttl) => serverTtl(ttl, now)),
      [2, 2, 3, 301],
    );
  });

  it('is a moment beyond 30 days, and 0 for ever', () => {
    assert.equal(serverTtl(30 * DAY - 1000, now), 30 * 86_400);
    assert.equal(serverTtl(30 * DAY, now), now / 1000 + 30 * 86_400 + 1);
    assert.equal(serverTtl(YEAR, now), now / 1000 + 365 * 86_400 + 1);
    assert.equal(serverTtl(100 * YEAR, now), 0);
    assert.equal(serverTtl(Number.POSITIVE_INFINITY, now), 0);
  });
});

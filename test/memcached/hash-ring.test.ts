import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { HashRing } from '#dist/memcached/hash-ring.js';

const KEYS = 4000;
const keys = Array.from({ length: KEYS }, (_, i) => `:1:user:${i}`);

const hosts = fc.uniqueArray(
  fc
    .tuple(fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/), fc.integer({ min: 1, max: 65_535 }))
    .map((pair) => pair.join(':')),
  { minLength: 2, maxLength: 9 },
);

describe('HashRing', () => {
  it('a server more takes about its share, and moves no other key', () => {
    fc.assert(
      fc.property(hosts, (servers) => {
        const [added, ...rest] = servers;
        const before = new HashRing(rest);
        const after = new HashRing(servers);
        let moved = 0;
        for (const key of keys) {
          if (after.serverOf(key) === before.serverOf(key)) continue;
          assert.equal(after.serverOf(key), added, 'a key moves to the new server, or not at all');
          moved++;
        }
        const share = KEYS / servers.length;
        assert.ok(moved > share * 0.6 && moved < share * 1.4, `${moved} of ${KEYS} to one of ${servers.length}`);
      }),
      // The same servers each time: of others, one in fifty thousand has more than that.
      { numRuns: 50, seed: 1 },
    );
  });

  it('the order in which servers are named means nothing', () => {
    fc.assert(
      fc.property(hosts, (servers) => {
        const one = new HashRing(servers);
        const other = new HashRing([...servers].reverse());
        for (const key of keys.slice(0, 200)) assert.equal(one.serverOf(key), other.serverOf(key));
      }),
    );
  });

  it('one server has all keys', () => {
    const ring = new HashRing(['only:11211']);
    assert.ok(keys.every((key) => ring.serverOf(key) === 'only:11211'));
  });
});

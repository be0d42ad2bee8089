import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCaches, LocMemCache, RedisCache, TieredCache } from 'locmem';
import { parseCacheUrl } from '#dist/config/url.js';

const invalid = (message: RegExp) => ({ name: 'InvalidConfigError', message });

describe('URLs of caches on servers', () => {
  it('name the server, and options of the cache', () => {
    assert.deepStrictEqual(
      parseCacheUrl('redis://u:p@host:1/2?keyPrefix=app&ttl=30s&failOpen=true&commandTimeout=50'),
      {
        backend: 'redis',
        options: { url: 'redis://u:p@host:1/2', keyPrefix: 'app', ttl: '30s', failOpen: true, commandTimeout: 50 },
      },
    );
    for (const scheme of ['rediss', 'valkey', 'valkeys', 'REDIS']) {
      const { backend, options } = parseCacheUrl(`${scheme}://host`);
      assert.deepStrictEqual(
        { backend, options },
        { backend: 'redis', options: { url: `${scheme.toLowerCase()}://host` } },
      );
    }
  });

  it('of several hosts name them all, with one user and one database', () => {
    assert.deepStrictEqual(parseCacheUrl('redis://:p@a:1,b:2/3?sentinel=main').options, {
      urls: ['redis://:p@a:1/3', 'redis://:p@b:2/3'],
      sentinel: 'main',
    });
    assert.deepStrictEqual(parseCacheUrl('redis://a:1?sentinel=main').options, {
      urls: ['redis://a:1'],
      sentinel: 'main',
    });
  });

  it('that cannot be meant are refused, without the password in the message', () => {
    for (const [url, message] of [
      ['redis:host', /redis:\/\/localhost/],
      ['redis://host/pages', /database number.*'\/pages'/],
      ['redis://host?failOpen=yes', /failOpen is true or false; got 'yes'/],
      ['redis://host?commandTimeout=soon', /commandTimeout.*'soon'/],
      ['redis://host?maxEntries=5', /maxEntries/],
      ['tiered:x', /Unknown backend: 'tiered'/],
      ['http://host', /Unknown backend: 'http'.*Known: locmem, .*rediss, valkey/],
    ] as const) {
      assert.throws(() => createCaches({ one: url }), invalid(message), url);
    }
    const refused = { name: 'InvalidConfigError', message: /^(?!.*secret)/ };
    assert.throws(() => createCaches({ one: 'redis://user:secret@host:99999' }), refused);
  });
});

describe('the url of a RedisCache', () => {
  it('names the server alone: options in it are refused, not lost', () => {
    for (const url of ['redis://host/3?keyPrefix=shop', 'redis://:secret@host#shop']) {
      const refused = invalid(/^(?!.*secret).*beside the url.*'[?#].*shop'/);
      assert.throws(() => new RedisCache({ url }), refused, url);
      assert.throws(() => new RedisCache({ urls: ['redis://one', url] }), refused, url);
      assert.throws(() => createCaches({ one: { backend: 'redis', url } }), refused, url);
    }
  });
});

describe('TieredCache in a config', () => {
  it('is made of configs, URLs or caches', async () => {
    await using l1 = new LocMemCache();
    await using caches = createCaches({
      a: { backend: 'tiered', l1: 'locmem:', l2: 'redis://localhost:1' },
      b: {
        backend: 'tiered',
        l1: { backend: 'locmem', maxEntries: 5 },
        l2: { backend: 'redis', keyPrefix: 'p' },
        ttl: '1s',
      },
      c: { backend: 'tiered', l1, l2: new RedisCache() },
      d: 'rediss://localhost:1',
    });
    const { a, b, c, d } = caches;
    for (const one of [a, b, c]) assert.ok(one instanceof TieredCache);
    assert.ok(d instanceof RedisCache);
  });

  it('refuses what cannot be a tier, and options that are not its own', () => {
    const l2 = 'redis://localhost:1';
    for (const [config, message] of [
      [{ l1: 'locmem:' }, /takes l1 and l2; l2 is not given/],
      [{ l2 }, /takes l1 and l2; l1 is not given/],
      [{ l1: l2, l2 }, /l1 is a LocMemCache or a SharedCache; got a RedisCache\./],
      [{ l1: 'locmem:', l2: 'locmem:x' }, /l2 is a RedisCache/],
      [{ l1: 'locmem:', l2, keyPrefix: 'p' }, /keyPrefix.*Known: l1, l2/],
      [{ l1: 'locmem:', l2, l1Ttl: 0 }, /l1Ttl is more than 0/],
      [{ l1: 'locmem:', l2, l1Ttl: 'soon' }, /l1Ttl.*'soon'/],
    ] as const) {
      assert.throws(() => createCaches({ one: { backend: 'tiered', ...config } as never }), invalid(message));
    }
  });
});

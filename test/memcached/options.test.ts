import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCaches, InvalidConfigError, MemcachedCache, type MemcachedCacheOptions } from 'locmem';
import { MemcacheClient } from 'memcache-client';
import { runProgram } from '../child-program.js';

const url = 'memcached://127.0.0.1:1';

const WRONG: [title: string, options: object, shows: RegExp][] = [
  ['no servers', {}, /one of url.*urls.*client/],
  ['two ways to name servers', { url, urls: [url] }, /one of url.*urls.*client/],
  ['another scheme', { url: 'redis://a:1' }, /memcached:\/\/one:11211.*'redis:\/\/a:1'/],
  ['a URL that is no text', { url: 5 }, /got 5/],
  ['no host', { url: 'memcached://' }, /got 'memcached:\/\/'/],
  ['a server too many commas make', { url: 'memcached://a:1,' }, /got/],
  ['a port that is none', { url: 'memcached://a:0' }, /a:0/],
  ['a port too large', { url: 'memcached://a:65536' }, /65536/],
  ['a path', { url: 'memcached://a:1/db' }, /a:1\/db/],
  ['options in the URL', { url: 'memcached://a:1?ttl=5' }, /stand beside the url/],
  ['a password', { url: 'memcached://u:p@a:1' }, /u:p@a/],
  ['a server named twice', { url: 'memcached://a,b,a:11211' }, /named twice/],
  ['urls that are no list', { urls: url }, /list/],
  ['urls without one', { urls: [] }, /at least one/],
  ['a client that is none', { client: {} }, /MemcacheClient/],
  ['a client without a server', { client: { options: {} } }, /MemcacheClient/],
  ['a timeout of nothing', { url, commandTimeout: 0 }, /commandTimeout.*got 0/],
  ['a timeout without end', { url, commandTimeout: null }, /commandTimeout.*got null/],
  ['a timeout that cannot be read', { url, commandTimeout: 'soon' }, /commandTimeout.*'soon'/],
  ['failOpen that is no boolean', { url, failOpen: 'yes' }, /failOpen.*'yes'/],
  ['a clock that is none', { url, clock: {} }, /clock/],
  ['an unknown serializer', { url, serializer: 'xml' }, /serializer.*'xml'/],
  ['an unknown compression', { url, compression: 'lz' }, /compression.*'lz'/],
  [
    'an option of others',
    { url, maxEntries: 5 },
    /'maxEntries'.*Known: ttl, keyPrefix.*commandTimeout.*url, urls, client/,
  ],
];

describe('options of MemcachedCache', () => {
  for (const [title, options, shows] of WRONG) {
    it(`${title} is an InvalidConfigError`, () => {
      assert.throws(
        () => new MemcachedCache(options as MemcachedCacheOptions),
        (error: Error) => {
          assert.ok(error instanceof InvalidConfigError);
          assert.match(error.message, shows);
          return true;
        },
      );
    });
  }

  it('making one connects to nobody, and nor does closing it', async () => {
    for (const options of [
      { url },
      { url: 'memcached://one,two:11212/' },
      { urls: ['memcached://one:1', 'MEMCACHED://two,three'] },
      { client: new MemcacheClient({ server: 'one:11211' }) },
      { client: new MemcacheClient({ server: { servers: [{ server: 'one:1' }, { server: 'two:2' }] } as never }) },
    ]) {
      await new MemcachedCache(options).close();
    }
  });

  it('createCaches takes a backend and a URL, with options', async () => {
    await using caches = createCaches({
      a: { backend: 'memcached', url, failOpen: true },
      b: 'memcached://127.0.0.1:1,127.0.0.1:2?keyPrefix=p&commandTimeout=2s&failOpen=true&serializer=json&compression=gzip&ttl=1h',
    });
    assert.ok((caches.a satisfies MemcachedCache) instanceof MemcachedCache);
    assert.ok((caches.b satisfies MemcachedCache) instanceof MemcachedCache);
    assert.equal(await caches.b.get('k'), undefined);
    for (const [wrong, shows] of [
      ['memcached://127.0.0.1:1?failOpen=yes', /Cache 'c': failOpen is true or false; got 'yes'/],
      ['memcached:one', /Cache 'c'.*memcached:\/\/one:11211/],
      ['memcached://one?maxEntries=5', /Cache 'c'.*'maxEntries'/],
    ] as const) {
      assert.throws(
        () => createCaches({ c: wrong }),
        (error: Error) => shows.test(error.message),
      );
    }
  });

  it('the client package is loaded at the first call; a missing one is an error that says what to install', async () => {
    const { stdout, stderr } = await runProgram(
      `
      import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(\`
        export async function resolve(name, context, next) {
          if (name !== 'memcache-client') return next(name, context);
          throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
        }
      \`));
      const { MemcachedCache } = await import('locmem');
      const cache = new MemcachedCache({ url: '${url}', failOpen: true });
      for (let i = 0; i < 2; i++) {
        await cache.get('k').catch(({ name, message }) => console.log(name, message));
      }
      await cache.close();
    `,
      { NODE_NO_WARNINGS: '1' },
    );
    assert.equal(stderr, '');
    const line = /^InvalidConfigError .*npm install memcache-client$/;
    assert.deepStrictEqual(
      stdout
        .trim()
        .split('\n')
        .map((text) => line.test(text)),
      [true, true],
      stdout,
    );
  });
});

import assert from 'node:assert/strict';
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { type CachesConfig, createCaches, DummyCache, LocMemCache } from 'locmem';

const invalid = (message: RegExp) => ({ name: 'InvalidConfigError', code: 'ERR_LOCMEM_INVALID_CONFIG', message });

describe('createCaches', () => {
  it('makes a cache for each alias, by backend', async () => {
    await using caches = createCaches({
      default: { backend: 'locmem', maxEntries: 10 },
      pages: { backend: 'locmem', ttl: '1h', keyPrefix: 'p' },
      off: { backend: 'dummy' },
    });
    assert.ok(caches.default instanceof LocMemCache);
    assert.ok(caches.pages instanceof LocMemCache);
    assert.ok(caches.off instanceof DummyCache);
    caches.pages.setSync('k', 'page');
    assert.equal(caches.default.hasSync('k'), false);
    assert.equal(await caches.pages.get('k'), 'page');
  });

  it('makes default, a LocMemCache, where it is not named', async () => {
    await using caches = createCaches({ pages: { backend: 'dummy' } });
    assert.ok(caches.default instanceof LocMemCache);
    await using same = new LocMemCache({ location: 'default' });
    caches.default.setSync('k', 1);
    assert.equal(same.getSync('k'), 1);
  });

  it('takes the alias as the location, where none is given', async () => {
    await using caches = createCaches({
      pages: { backend: 'locmem' },
      same: { backend: 'locmem', location: 'pages' },
      url: 'locmem:',
      own: 'locmem:pages',
      unset: { backend: 'locmem', location: undefined as never },
    });
    await using pages = new LocMemCache({ location: 'pages' });
    await using url = new LocMemCache({ location: 'url' });
    await using unset = new LocMemCache({ location: 'unset' });
    caches.pages.setSync('k', 1);
    caches.url.setSync('k', 2);
    caches.unset.setSync('k', 3);
    assert.deepStrictEqual([pages.getSync('k'), caches.same.getSync('k'), caches.own.getSync('k')], [1, 1, 1]);
    assert.equal(url.getSync('k'), 2);
    assert.equal(unset.getSync('k'), 3);
  });

  it('takes caches that are there already', async () => {
    const own = new DummyCache();
    const caches = createCaches({ own, again: own });
    assert.equal(caches.own, own);
    assert.equal(caches.again, own);
    await caches.close();
    assert.throws(() => own.getSync('k'), { code: 'ERR_LOCMEM_CLOSED' });
  });

  it('takes URLs, with options', async () => {
    await using caches = createCaches({
      a: 'locmem:url_a?maxEntries=2&ttl=30s&keyPrefix=p&version=3&values=frozen&policy=tinylfu&ttlResolution=0&maxSize=1kb',
      b: 'dummy:',
      c: 'locmem:my%20cache',
      d: 'LOCMEM:upper',
      e: 'locmem:url_e?ttl=null&cullFrequency=3',
      f: 'locmem:url_f?ttl=1000',
      g: 'dummy:?ttl=1000',
    });
    assert.ok(caches.b instanceof DummyCache && caches.g instanceof DummyCache);
    for (const cache of [caches.a, caches.c, caches.d, caches.e, caches.f]) assert.ok(cache instanceof LocMemCache);
    await using same = new LocMemCache({
      location: 'url_a',
      maxEntries: 2,
      values: 'frozen',
      policy: 'tinylfu',
      maxSize: 1024,
      keyPrefix: 'p',
      version: 3,
    });
    caches.a.setSync('k', 1);
    assert.equal(same.getSync('k'), 1);
    await using spaced = new LocMemCache({ location: 'my cache' });
    caches.c.setSync('k', 2);
    assert.equal(spaced.getSync('k'), 2);
  });

  for (const [title, config, shows] of [
    ['a config that is no object', null, /object of aliases; got null/],
    ['a list', [], /object of aliases; got \[\]/],
    ['a Map', new Map(), /object of aliases; got Map/],
    ['a Map for an alias', { a: new Map() }, /Cache 'a'.*got Map/],
    ['a URL for a config', 'locmem:', /object of aliases; got 'locmem:'/],
    [
      'an unknown backend',
      { a: { backend: 'locmen' } },
      /Cache 'a'.*backend: 'locmen'.*Did you mean 'locmem'\?.*Known: .*dummy/,
    ],
    ['no backend', { a: { maxEntries: 5 } }, /Cache 'a'.*backend/],
    ['a backend that is no name', { a: { backend: 5 } }, /Cache 'a'.*backend/],
    ['nothing for an alias', { a: undefined }, /Cache 'a'.*got undefined/],
    ['null for an alias', { default: null }, /Cache 'default'.*got null/],
    ['an unknown option', { a: { backend: 'locmem', maxEntires: 5 } }, /Cache 'a'.*'maxEntires'.*'maxEntries'.*Known/],
    ['an option of another backend', { a: { backend: 'dummy', maxEntries: 5 } }, /Cache 'a'.*'maxEntries'.*Known/],
    ['a wrong option', { a: { backend: 'locmem', maxEntries: -1 } }, /Cache 'a'.*maxEntries.*-1/],
    ['a reserved alias', { close: { backend: 'dummy' } }, /'close'.*reserved/],
    ['another reserved alias', Object.fromEntries([['then', { backend: 'dummy' }]]), /'then'.*reserved/],
    ['a URL without a backend', { a: 'my_cache' }, /Cache 'a'.*'my_cache'/],
    ['an empty URL', { a: '' }, /Cache 'a'.*''/],
    ['a URL of an unknown backend', { a: 'locmen:x' }, /Cache 'a'.*'locmen'.*'locmem'/],
    ['a URL with an unknown option', { a: 'locmem:x?maxEntrys=5' }, /Cache 'a'.*'maxEntrys'.*'maxEntries'/],
    ['a URL with an option that text cannot give', { a: 'locmem:x?sizeOf=5' }, /Cache 'a'.*'sizeOf'/],
    ['a URL with text for a number', { a: 'locmem:x?maxEntries=many' }, /Cache 'a'.*maxEntries.*'many'/],
    ['a URL with an empty number', { a: 'locmem:x?maxEntries=' }, /Cache 'a'.*maxEntries.*''/],
    ['a URL with a wrong value', { a: 'locmem:x?maxEntries=0' }, /Cache 'a'.*maxEntries.*0/],
    ['a URL with an unreadable ttl', { a: 'locmem:x?ttl=soon' }, /Cache 'a'.*ttl.*'soon'/],
    ['a URL with an unreadable location', { a: 'locmem:%zz' }, /Cache 'a'.*%zz/],
    ['a location where there is none', { a: 'dummy:here' }, /Cache 'a'.*dummy.*location/],
    ['an option of another backend in a URL', { a: 'dummy:?maxEntries=5' }, /Cache 'a'.*'maxEntries'/],
  ] as [string, unknown, RegExp][]) {
    it(`${title} is an InvalidConfigError that says so`, () => {
      assert.throws(() => createCaches(config as CachesConfig), invalid(shows));
    });
  }

  it('closes what it made when a later one fails, and leaves alone what it was given', () => {
    const given = new LocMemCache({ location: 'given' });
    given.setSync('k', 1);
    assert.throws(
      () => createCaches({ given, made: { backend: 'locmem' }, bad: { backend: 'no' as 'dummy' } }),
      invalid(/no/),
    );
    assert.equal(given.getSync('k'), 1);
    const made = new LocMemCache({ location: 'made', maxEntries: 1 });
    made.closeSync();
    given.closeSync();
  });

  it('an alias that was not configured is an InvalidConfigError that names those there are', async () => {
    await using caches = createCaches({ pages: { backend: 'dummy' } });
    const untyped = caches as unknown as Record<string, unknown>;
    assert.throws(() => untyped.pags, invalid(/'pags'.*Did you mean 'pages'.*Known: pages, default/));
    assert.throws(() => untyped.sessions, invalid(/'sessions'.*Known: pages, default/));
  });

  it('aliases may be called as methods of objects are', async () => {
    await using caches = createCaches({ constructor: 'dummy:', toString: 'dummy:', hasOwnProperty: 'dummy:' });
    assert.ok(caches.toString instanceof DummyCache);
    assert.ok((caches as unknown as Record<string, unknown>).constructor instanceof DummyCache);
  });

  it('what it returns can be awaited, shown and gone through', async () => {
    await using caches = createCaches({ pages: { backend: 'dummy' } });
    assert.equal(await Promise.resolve(caches), caches);
    assert.match(inspect(caches), /pages.*DummyCache/s);
    assert.ok('pages' in caches);
    assert.ok(!('sessions' in caches));
    assert.deepStrictEqual(
      Object.keys(caches)
        .filter((name) => name !== 'close')
        .sort(),
      ['default', 'pages'],
    );
    assert.doesNotThrow(() => JSON.stringify({ caches: Object.keys(caches) }));
  });

  it('what it returns stands the probing of printers and matchers', async () => {
    await using caches = createCaches({ pages: { backend: 'dummy' } });
    await using others = createCaches({ pages: { backend: 'dummy' } });
    assert.equal(`${caches}`, '[object Object]');
    assert.equal(String(caches), '[object Object]');
    assert.equal(Object.prototype.toString.call(caches), '[object Object]');
    // biome-ignore lint/suspicious/noPrototypeBuiltins: what older programs call.
    assert.deepStrictEqual([caches.hasOwnProperty('pages'), caches.hasOwnProperty('sessions')], [true, false]);
    assert.equal(caches.valueOf(), caches);
    assert.equal(typeof caches.constructor, 'function');
    assert.deepStrictEqual(caches, caches);
    assert.notDeepStrictEqual(caches, others);
    assert.notDeepEqual(caches, {});
    assert.doesNotThrow(() => new Console(new Writable({ write: (_chunk, _encoding, done) => done() })).log(caches));
    assert.throws(() => assert.deepStrictEqual(caches, others), { name: 'AssertionError' });
    assert.equal(typeof inspect(caches, { customInspect: false, showHidden: true }), 'string');
    assert.equal(typeof JSON.stringify(caches), 'string');
    for (const probe of ['$$typeof', 'asymmetricMatch', 'nodeType', 'tagName', 'toJSON', 'then'])
      assert.equal((caches as unknown as Record<string, unknown>)[probe], undefined, probe);
    assert.throws(() => (caches as unknown as Record<string, unknown>).page, invalid(/'page'.*Known: pages, default/));
  });

  it('close closes them all, and is safe twice', async () => {
    const caches = createCaches({ pages: { backend: 'locmem' }, off: { backend: 'dummy' } });
    assert.equal(await caches.close(), undefined);
    await caches.close();
    await caches[Symbol.asyncDispose]();
    for (const cache of [caches.default, caches.pages, caches.off]) {
      assert.throws(() => cache.getSync('k'), { code: 'ERR_LOCMEM_CLOSED' });
    }
  });
});

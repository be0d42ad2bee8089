import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkKnownOptions, unknownName } from '#dist/core/options.js';
import { runProgram } from '../child-program.js';

class Own {
  ttl = 5;
}

const KNOWN = ['maxEntries', 'maxSize', 'policy', 'ttl'];

describe('checkKnownOptions', () => {
  it('lets known options pass, and none', () => {
    checkKnownOptions('X', { maxEntries: 1, ttl: undefined }, KNOWN);
    checkKnownOptions('X', {}, KNOWN);
  });

  it('names the stranger, the nearest known one, and all that are allowed', () => {
    assert.throws(() => checkKnownOptions('X', { maxEntires: 1 }, KNOWN), {
      name: 'InvalidConfigError',
      message: "Unknown option of X: 'maxEntires'. Did you mean 'maxEntries'? Known: maxEntries, maxSize, policy, ttl.",
    });
  });

  it('refuses what is not an object of options, and shows it', () => {
    for (const options of [null, undefined, 5, 'text', ['ttl'], true, () => ({}), new Date(0), new Map(), new Own()]) {
      assert.throws(() => checkKnownOptions('X', options, KNOWN), {
        name: 'InvalidConfigError',
        message: /^X takes an object of options; got /,
      });
    }
  });
});

describe('an Object.prototype that somebody has added to', () => {
  it('disturbs no call', async () => {
    const { stdout, stderr, exit } = await runProgram(`
      import { createCaches, DummyCache, LocMemCache } from 'locmem';
      Object.prototype.added = { by: 'somebody' };
      Object.prototype.addedMethod = function () {};
      const at = { version: 2 };
      for (const cache of [new LocMemCache({ values: 'copy' }), new LocMemCache({ values: 'frozen' }), new DummyCache({})]) {
        const value = { list: [{ n: 1 }], map: new Map([[1, {}]]), error: new Error('e', { cause: { n: 1 } }) };
        cache.setSync('k', value, { ttl: '1h', version: 2 });
        cache.setSync('flat', { n: 1 }, {});
        cache.setSync('nested', { inner: { n: 1 } });
        const read = [cache.getSync('k', { default: value, version: 2 }), cache.getSync('nested', { default: { inner: {} } }).inner];
        for (const one of [...read, read[0].list[0], read[0].error.cause]) {
          if (Object.hasOwn(one, 'added') || Object.hasOwn(one, 'addedMethod')) console.log('copied', one);
        }
        cache.addSync('n', 1, { ttl: 5000 });
        cache.hasSync('k', at);
        cache.getManySync(['k'], at);
        cache.setManySync({ a: 1, b: { c: 1 } }, at);
        if (cache.getSync('addedMethod') !== undefined) console.log('stored');
        cache.touchSync('k', '1h', at);
        cache.deleteManySync(['a'], at);
        cache.deleteSync('b', at);
        await cache.getOrSet('made', async () => 1, { ttl: '1m' });
        await cache.wrap(async () => 1, { key: 'w', ttl: '1m' })();
        cache.clearSync();
      }
      const caches = createCaches({ pages: { backend: 'locmem' }, url: 'locmem:u?maxEntries=5' });
      console.log(Object.keys(caches).join());
    `);
    assert.equal(exit, 0, stderr);
    assert.equal(stderr, '');
    assert.equal(stdout, 'pages,url,default,close\n');
  });
});

describe('unknownName', () => {
  for (const [name, guess] of [
    ['maxentries', 'maxEntries'],
    ['MAXSIZE', 'maxSize'],
    ['polcy', 'policy'],
    ['tl', 'ttl'],
    ['tttl', 'ttl'],
    ['maxSizes', 'maxSize'],
  ]) {
    it(`'${name}' is near '${guess}'`, () => {
      assert.match(unknownName('option', name!, KNOWN), RegExp(`Did you mean '${guess}'\\?`));
    });
  }

  it('does not guess where nothing is near', () => {
    assert.doesNotMatch(unknownName('option', 'compression', KNOWN), /Did you mean/);
    assert.doesNotMatch(unknownName('option', '', ['policy']), /Did you mean/);
  });
});
